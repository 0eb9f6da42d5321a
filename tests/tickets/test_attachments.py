"""Files: what is taken, how it is kept, who may claim and open it, what is swept."""

import io
import os
import stat
import zlib
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from PIL import Image

from accounts.models import DataKey
from accounts.selectors import opened_key
from core.crypto.keys import WrongKey
from core.errors import DomainError, NotFound, Refused
from tests.cast import make_agent, make_browser
from tickets import file_store
from tickets.actions.attachments import (
    claim_attachments,
    open_attachment,
    remove_unclaimed_attachments,
    store_attachment,
)
from tickets.actions.messages import post_customer_message
from tickets.choices import AttachmentState
from tickets.file_sealing import card_of
from tickets.models import Attachment, Message
from tickets.selectors import public_thread_of
from tickets.uploads import checked_file, clean_name

MEGABYTE = 1_048_576
PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


@pytest.fixture(autouse=True)
def media(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def picture(kind="PNG", size=(40, 20), mode="RGB", **more):
    out = io.BytesIO()
    Image.new(mode, size, more.pop("color", "red")).save(out, kind, **more)
    return out.getvalue()


def keep(browser, name="photo.png", content=None):
    key = DataKey.objects.get(customer=browser.customer)
    return store_attachment(
        owner=browser.customer, data_key=key, name=name, content=picture() if content is None else content
    )


def send(browser, *files, body="see here"):
    return post_customer_message(
        customer=browser.customer,
        session_assurance="anonymous",
        client_id=uuid4(),
        body=body,
        attachments=[getattr(file, "public_id", file) for file in files],
        language="en",
    )


def files_on_disk():
    return sorted(path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


def make_older(attachment, age):
    Attachment.objects.filter(pk=attachment.pk).update(created_at=Now() - age)


# --- what is taken ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind", "is_image"),
    [
        (picture("PNG"), "image/png", True),
        (picture("JPEG"), "image/jpeg", True),
        (picture("WEBP"), "image/webp", True),
        (picture("GIF", mode="P", color=1), "image/png", True),
        (picture("PNG", mode="RGBA"), "image/png", True),
        (picture("PNG", mode="I;16", color=9), "image/png", True),
        (picture("PNG", mode="1", color=1), "image/png", True),
        (picture("JPEG", mode="CMYK", color=(1, 2, 3, 4)), "image/jpeg", True),
        (b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF", "application/pdf", False),
        ("my withdrawal 提现 سحب\n".encode(), "text/plain", False),
        (b"\xef\xbb\xbftext with a mark\r\n", "text/plain", False),
        (b"BM is how this note begins", "text/plain", False),
    ],
)
def test_types_are_told_by_content(content, kind, is_image):
    checked = checked_file("some.name", content, MEGABYTE)
    assert (checked.content_type, checked.is_image) == (kind, is_image)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"x" * (MEGABYTE + 1), "file_too_large"),
        (b"PK\x03\x04" + b"\0" * 60, "file_type"),
        (b"\x1f\x8b\x08" + b"\0" * 60, "file_type"),
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 60, "file_type"),
        (b"MZ\x90\0" + b"\0" * 60, "file_type"),
        (b"\x7fELF\x02\x01\x01" + b"\0" * 60, "file_type"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "file_type"),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 60, "file_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "file_type"),
        (b"  \n<!DOCTYPE html><html><body onload=1>", "file_type"),
        (b"<?xml version='1.0'?><x/>", "file_type"),
        (b"<!-- --><script>1</script>", "file_type"),
        (b"\xef\xbb\xbf<html>", "file_type"),
        (b"latin \xe9\xe8", "file_type"),
        (b"with a nul \0 inside", "file_type"),
        (b"with an escape \x1b[31m inside", "file_type"),
        (picture("BMP"), "file_type"),
        (picture("TIFF"), "file_type"),
        (picture("ICO"), "file_type"),
        (picture("PNG")[:60], "image_damaged"),
        (picture("JPEG")[:100], "image_damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "image_damaged"),
        (b"GIF89a<script>1</script>" + b"\0" * 20, "image_damaged"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 " + b"\0" * 40, "image_damaged"),
        (f"my phrase is\n{PHRASE}\n".encode(), "secret_in_file"),
    ],
)
def test_everything_else_is_refused(content, code):
    with pytest.raises(Refused) as refused:
        checked_file("a.png", content, MEGABYTE)
    assert refused.value.code == code
    assert str(refused.value.message)


@pytest.mark.parametrize(("width", "height"), [(8_000, 5_001), (16_384, 1), (1, 16_384), (65_000, 65_000)])
def test_a_picture_with_too_many_pixels_is_not_decoded(width, height):
    head = bytearray(picture("PNG", size=(1, 1)))
    head[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    head[29:33] = zlib.crc32(bytes(head[12:29])).to_bytes(4, "big")
    with pytest.raises(Refused) as refused:
        checked_file("bomb.png", bytes(head), MEGABYTE)
    assert refused.value.code == "image_too_large"


def test_nothing_but_pixels_survives():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 0.0)}
    exif[0x010E] = "hidden words"
    content = picture("JPEG", size=(40, 20), exif=exif, comment=b"hidden words") + b"<script>hidden words</script>"
    checked = checked_file("a.jpg", content, MEGABYTE)
    with Image.open(io.BytesIO(checked.content)) as kept:
        assert kept.size == (20, 40)
        assert dict(kept.getexif()) == {}
        assert "comment" not in kept.info
    assert b"hidden" not in checked.content
    assert b"script" not in checked.content


def test_an_animation_becomes_its_first_picture():
    frames = [Image.new("P", (5, 5), color) for color in (1, 2, 3)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(checked_file("a.gif", out.getvalue(), MEGABYTE).content)) as kept:
        assert (kept.format, getattr(kept, "n_frames", 1)) == ("PNG", 1)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("photo.png", "image/png", "photo.png"),
        ("PHOTO.PNG", "image/png", "PHOTO.png"),
        ("photo.jpeg", "image/jpeg", "photo.jpeg"),
        ("photo.gif", "image/png", "photo.gif.png"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("..\\..\\boot.ini", "text/plain", "boot.ini.txt"),
        ("C:\\Users\\me\\a.pdf", "application/pdf", "a.pdf"),
        ("run.bat", "text/plain", "run.bat.txt"),
        ("a.php.png", "image/png", "a.php.png"),
        (".htaccess", "text/plain", "htaccess.txt"),
        ("photo\u202egnp.exe", "image/png", "photognp.exe.png"),
        ("\u200b\u200e\ufeff.png", "image/png", "png.png"),
        ("a\0b\r\nSet-Cookie: x.png", "image/png", "abSet-Cookie_ x.png"),
        ("", "image/png", "file.png"),
        ("...", "application/pdf", "file.pdf"),
        (" . . ", "application/pdf", "file.pdf"),
        ("提现 截图.png", "image/png", "提现 截图.png"),
        ("e\u0301tat.txt", "text/plain", "état.txt"),
        ('a"<b>|?*.pdf', "application/pdf", "a__b____.pdf"),
        ("x" * 300 + ".pdf", "application/pdf", "x" * 116 + ".pdf"),
        ("a/b/", "image/png", "file.png"),
        ("log.LOG", "text/plain", "log.log"),
        ("\ud800.png", "image/png", "png.png"),
        ("tag\U000e0041.png", "image/png", "tag.png"),
    ],
)
def test_names_become_harmless(name, kind, expected):
    assert clean_name(name, kind) == expected


@pytest.mark.parametrize(
    "name",
    [
        f"{start}{middle}{end}"
        for start in ("", "../", "/", "\\\\host\\", "~")
        for middle in ("a", "\u202e", "\0", " ", "CON", "%2e%2e%2f")
        for end in ("", ".", "..", "/", ".htaccess", ".pht", ".svg", "\n")
    ],
)
def test_no_name_carries_a_path_or_an_invisible_character(name):
    cleaned = clean_name(name, "image/png")
    assert cleaned.endswith(".png")
    assert len(cleaned) > len(".png")
    assert not set(cleaned) & set('/\\\0\n\r\t\u202e"<>|?*:')
    assert not cleaned.startswith(".")


# --- how it is kept ---------------------------------------------------------------------------------------------------


def test_a_file_is_sealed_on_disk_and_opens_again(browser, media):
    text = b"my order 4711 is missing\n"
    attachment = keep(browser, "order 4711.txt", text)
    assert attachment.state == AttachmentState.STORED
    (path,) = files_on_disk()
    assert path == media / attachment.path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert b"order" not in path.read_bytes()
    assert b"order" not in bytes(attachment.name)
    stored = Attachment.objects.select_related("data_key").get(pk=attachment.pk)
    assert open_attachment(stored) == text
    card = card_of(stored, opened_key(stored.data_key))
    assert (card.name, card.type, card.size, card.is_image) == ("order 4711.txt", "text/plain", len(text), False)


def test_nothing_of_the_name_is_in_the_path(browser):
    attachment = keep(browser, "../../../evil.png")
    assert file_store.NAME.fullmatch(attachment.path)


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "ab/../../x", "ab/" + "g" * 62, "", "ab"])
def test_the_store_opens_only_its_own_places(path):
    for use in (file_store.read_file, file_store.remove_file, lambda place: file_store.write_file(place, b"x")):
        with pytest.raises(ValueError, match="not a place"):
            use(path)


def test_an_altered_file_does_not_open(browser, media):
    attachment = keep(browser)
    path = media / attachment.path
    sealed = bytearray(path.read_bytes())
    sealed[-1] ^= 1
    path.write_bytes(bytes(sealed))
    with pytest.raises(WrongKey):
        open_attachment(attachment)


def test_files_cannot_be_swapped(browser, media):
    one, other = keep(browser), keep(browser, "b.txt", b"other")
    (media / one.path).write_bytes((media / other.path).read_bytes())
    with pytest.raises(WrongKey):
        open_attachment(one)


def test_a_disk_that_takes_nothing_refuses_and_leaves_nothing(browser, media):
    media.mkdir()
    media.chmod(0o700)
    for digits in range(256):
        (media / f"{digits:02x}").write_bytes(b"")  # no folder can be made
    with pytest.raises(Refused) as refused:
        keep(browser)
    assert refused.value.code == "file_not_stored"
    assert Attachment.objects.count() == 0


# --- claiming ---------------------------------------------------------------------------------------------------------


def test_a_message_claims_its_files_in_order(browser):
    files = [keep(browser, f"{name}.png") for name in "abc"]
    send(browser, files[2], files[0], files[1])
    (entry,) = public_thread_of(browser.ticket(), after=0)
    assert [card.name for card in entry.attachments] == ["c.png", "a.png", "b.png"]
    assert Attachment.objects.unclaimed().count() == 0


def test_a_message_may_be_files_alone(browser):
    send(browser, keep(browser), body="")
    (entry,) = public_thread_of(browser.ticket(), after=0)
    assert (entry.body, len(entry.attachments)) == ("", 1)


def claimed_already(browser, stranger):
    file = keep(browser)
    send(browser, file)
    return file


def of_a_stranger(browser, stranger):
    return keep(stranger)


def too_old(browser, stranger):
    file = keep(browser)
    make_older(file, timedelta(hours=1, seconds=1))
    return file


def half_stored(browser, stranger):
    file = keep(browser)
    Attachment.objects.filter(pk=file.pk).update(state=AttachmentState.SCANNING)
    return file


def unknown(browser, stranger):
    return uuid4()


@pytest.mark.parametrize("case", [claimed_already, of_a_stranger, too_old, half_stored, unknown])
def test_what_may_not_be_claimed_is_not_found_and_nothing_is_stored(browser, stranger, case):
    file = case(browser, stranger)
    before = (Message.objects.count(), Attachment.objects.unclaimed().count())
    with pytest.raises(NotFound) as refused:
        send(browser, keep(browser, "good.png"), file)
    assert refused.value.code == "file_not_found"
    assert (Message.objects.count(), Attachment.objects.unclaimed().count()) == (before[0], before[1] + 1)


def test_eleven_files_are_too_many(browser):
    with pytest.raises(DomainError) as refused:
        send(browser, *(uuid4() for _ in range(11)))
    assert refused.value.code == "too_many_files"


def test_a_file_stored_for_one_customer_is_not_claimed_in_another_ones_ticket(browser, stranger, owner):
    browser.says("hello")
    stranger.says("hello")
    file = store_attachment(owner=owner.user, data_key=browser.ticket().data_key, name="a.png", content=picture())
    message = Message.objects.get(ticket=stranger.ticket())
    with pytest.raises(NotFound):
        claim_attachments(message, owner=owner.user, ids=[file.public_id])
    assert Attachment.objects.get().message_id is None


# --- who may open it --------------------------------------------------------------------------------------------------


def test_a_customer_opens_their_own_and_a_stranger_nothing(browser, stranger):
    file = keep(browser)
    for _ in range(2):
        assert Attachment.objects.of_customer(browser.customer).find(file.public_id) == file
        with pytest.raises(NotFound):
            Attachment.objects.of_customer(stranger.customer).find(file.public_id)
        send(browser, file) if file.message_id is None and _ == 0 else None


def test_staff_open_files_of_tickets_they_may_read(browser, owner, outsider):
    file = keep(browser)
    with pytest.raises(NotFound):
        Attachment.objects.visible_to(owner.user).find(file.public_id)
    send(browser, file)
    assert Attachment.objects.visible_to(owner.user).find(file.public_id) == file
    with pytest.raises(NotFound):
        Attachment.objects.visible_to(outsider.user).find(file.public_id)


# --- sweeping ---------------------------------------------------------------------------------------------------------


def test_the_sweeper_removes_what_nobody_claimed_within_the_hour(browser, media):
    claimed, late, fresh, half = (keep(browser, f"{name}.png") for name in ("claimed", "late", "fresh", "half"))
    send(browser, claimed)
    for file in (claimed, late, half):
        make_older(file, timedelta(hours=2))
    Attachment.objects.filter(pk=half.pk).update(state=AttachmentState.SCANNING)
    os.rename(media / half.path, media / (half.path + ".part"))
    assert remove_unclaimed_attachments() == 2
    assert set(Attachment.objects.all()) == {claimed, fresh}
    assert files_on_disk() == sorted(media / file.path for file in (claimed, fresh))
    assert remove_unclaimed_attachments() == 0


def test_the_sweeper_finishes_what_a_crash_left(browser, media):
    file = keep(browser)
    make_older(file, timedelta(hours=2))
    (media / file.path).unlink()
    assert remove_unclaimed_attachments() == 1
    assert Attachment.objects.count() == 0


def test_no_name_or_content_is_in_the_table(browser):
    keep(browser, "passport-of-me.txt", b"words that nobody may read")
    with connection.cursor() as cursor:
        cursor.execute("select row_to_json(a)::text from tickets_attachment a")
        (row,) = cursor.fetchone()
    assert "passport" not in row
    assert b"passport".hex() not in row
    assert b"words".hex() not in row


def test_another_browser_of_nobody_has_no_files(site):
    assert not Attachment.objects.of_customer(make_browser(site).customer).exists()
    assert not Attachment.objects.visible_to(make_agent("third@desk.example").user).exists()
