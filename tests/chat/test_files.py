"""Uploads over HTTP, and links that open one file for one reader."""

import io
from uuid import UUID, uuid4

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core import signing
from django.test import Client
from PIL import Image

from chat.files import POLICY
from core.db import utc_now
from core.limits import Limit
from tests.chat.conftest import Page, code_of
from tickets.file_links import Audience, file_token, read_file_token
from tickets.models import Attachment

ATTACHMENTS = "/api/chat/attachments"


def picture():
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "blue").save(out, "PNG")
    return out.getvalue()


def link_of(page, card):
    return page.get(f"{ATTACHMENTS}/{card['id']}").json()["url"]


def test_an_upload_is_stored_named_by_a_message_and_opened_again(page):
    answer = page.upload(picture(), "shot\u202egnp.png")
    assert answer.status_code == 201
    card = answer.json()
    assert {name: card[name] for name in ("name", "type", "state", "image")} == {
        "name": "shotgnp.png", "type": "image/png", "state": "stored", "image": True,
    }  # fmt: skip
    page.post("/api/chat/messages", {"client_id": str(uuid4()), "body": "", "attachments": [card["id"]]})
    (message,) = page.get("/api/chat/messages").json()["messages"]
    assert [(file["id"], file["name"]) for file in message["attachments"]] == [(card["id"], "shotgnp.png")]
    opened = Client().get(link_of(page, card))
    assert (opened.status_code, opened.headers["Content-Type"], len(opened.content)) == (200, "image/png", card["size"])
    assert opened.headers["Content-Disposition"].startswith("inline")


def test_everything_but_pictures_is_saved_never_shown(page):
    for content, name in ((b"%PDF-1.7 x", "a.pdf"), (b"<b>not a page</b>", "a.html")):
        opened = Client().get(link_of(page, page.upload(content, name).json()))
        assert opened.headers["Content-Disposition"].startswith("attachment")
        assert opened.headers["X-Content-Type-Options"] == "nosniff"
        assert opened.headers["Content-Security-Policy"] == POLICY
        assert opened.headers["Cache-Control"] == "no-store, private"
        assert opened.headers["Content-Type"] in {"application/pdf", "text/plain; charset=utf-8"}
        assert opened.headers["Cross-Origin-Resource-Policy"] == "same-origin"


ACTIVE = [
    b"<html><script>1</script>", b"<!DOCTYPE html><p>", b"<svg onload=1>", b"<?xml version='1.0'?><x/>", b"<script>1</script>",
    b"<iframe src=x>", b"GIF89a<script>1</script>", b"PK\x03\x04" + b"\0" * 40, b"MZ" + b"\0" * 60, b"\x7fELF" + b"\0" * 60,
    b"\x00asm\x01\0\0\0", b"FWS\x09" + b"\0" * 30, b"#!/bin/sh\n\x1b[0m", b"\xca\xfe\xba\xbe" + b"\0" * 40,
]  # fmt: skip


@pytest.mark.parametrize("content", ACTIVE)
def test_active_content_is_refused(page, content):
    assert code_of(page.upload(content, "a.png"))[0] == 422
    assert Attachment.objects.count() == 0


def test_a_secret_in_a_text_is_refused_in_words(page):
    phrase = ("abandon " * 11 + "about").encode()
    assert code_of(page.upload(phrase, "backup.txt")) == (422, "secret_in_file")


def test_a_file_above_the_limit_is_refused_before_it_is_read(page, settings):
    settings.ATTACHMENT_MAX_BYTES = 1000
    assert code_of(page.upload(b"x" * 20_000, "a.txt")) == (422, "file_too_large")
    assert code_of(page.upload(b"x" * 1_001, "a.txt")) == (422, "file_too_large")
    assert page.upload(b"x" * 1_000, "a.txt").status_code == 201


def test_a_file_of_just_the_limit_fits_through_the_upload_handlers():
    assert django_settings.FILE_UPLOAD_MAX_MEMORY_SIZE > django_settings.ATTACHMENT_MAX_BYTES


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary="),
        (b"x", "multipart/form-data; boundary=b"),
        (
            b"--b\r\nContent-Disposition: form-data; name=other; filename=a\r\n\r\nx\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
        ),
        (b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b"),
        (b"--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n", "multipart/form-data; boundary=b"),
        (b"--b\r\n" * 1000, "multipart/form-data; boundary=b"),
        (b"\xff" * 500, "multipart/form-data; boundary=\xe9"),
    ],
)
def test_forms_that_carry_no_file_are_refused(page, body, kind):
    answer = page.post(ATTACHMENTS, body, kind)
    assert answer.status_code in {400, 422}
    assert answer.json()["error"]["code"] in {"bad_request", "file_empty"}
    assert Attachment.objects.count() == 0


def test_uploads_are_limited(page, monkeypatch):
    monkeypatch.setattr("chat.limits.UPLOADS_OF_CUSTOMER", Limit("upload.customer", 1, 3600))
    assert page.upload(b"one").status_code == 201
    assert code_of(page.upload(b"two")) == (429, "too_many")


def test_a_strangers_file_is_not_found(page, strangers_page):
    card = page.upload(picture()).json()
    assert code_of(strangers_page.get(f"{ATTACHMENTS}/{card['id']}")) == (404, "file_not_found")
    assert code_of(strangers_page.get(f"{ATTACHMENTS}/{uuid4()}")) == (404, "file_not_found")
    answer = strangers_page.post(
        "/api/chat/messages", {"client_id": str(uuid4()), "body": "x", "attachments": [card["id"]]}
    )
    assert code_of(answer) == (404, "file_not_found")


def test_links_need_a_token_to_be_made(page):
    card = page.upload(picture()).json()
    assert code_of(Page().get(f"{ATTACHMENTS}/{card['id']}")) == (401, "not_authenticated")


def refused(answer):
    return code_of(answer) == (404, "file_not_found") and answer.content


def test_a_link_dies_after_ten_minutes_and_with_its_session(page, browser):
    url = link_of(page, page.upload(picture()).json())
    with time_machine.travel(utc_now().timestamp() + 601):
        assert refused(Client().get(url))
    assert Client().get(url).status_code == 200
    page.post("/api/widget/larkfield/logout")
    assert refused(Client().get(url))


def test_a_link_for_another_session_opens_nothing(page, browser, stranger):
    card = page.upload(picture()).json()
    token = file_token(UUID(card["id"]), Audience("s", stranger.session.pk))
    assert refused(Client().get(f"/files/{token}"))


def test_a_link_for_staff_opens_only_for_them_signed_in(page, browser, cast):
    owner = cast.make_agent("owner@desk.example")
    card = page.upload(picture()).json()
    page.post("/api/chat/messages", {"client_id": str(uuid4()), "body": "x", "attachments": [card["id"]]})
    url = f"/files/{file_token(UUID(card['id']), Audience('u', owner.user.pk))}"
    assert refused(Client().get(url))
    without_second_factor = Client()
    without_second_factor.force_login(owner.user, "django.contrib.auth.backends.ModelBackend")
    assert refused(without_second_factor.get(url))


def test_guessed_and_altered_links_get_one_answer(page):
    url = link_of(page, page.upload(picture()).json())
    token = url.rpartition("/")[2]
    parts = token.split(":")
    ours, other_salt = signing.TimestampSigner(salt="tickets.file"), signing.TimestampSigner(salt="other")
    other_key = signing.TimestampSigner(key="y" * 50, salt="tickets.file")
    wrong = ["x", "a" * 200, ":", "::", f"{parts[0]}:{parts[1]}", f"{parts[0]}::{parts[2]}"]
    wrong += [token[:-1], token + "A", token.swapcase(), token.replace(parts[1], "1")]
    wrong += [
        ":".join([uuid4().hex + parts[0][32:], *parts[1:]]),
        ":".join([parts[0][:-1] + ("8" if parts[0].endswith("9") else "9"), *parts[1:]]),
    ]
    wrong += [other_salt.sign(parts[0]), other_key.sign(parts[0]), ours.sign("no uuid"), ours.sign(uuid4().hex + ".x1")]
    wrong += [file_token(uuid4(), Audience("s", 1))]
    answers = {Client().get(f"/files/{guess}").content for guess in wrong}
    assert len(answers) == 1
    assert all(Client().get(f"/files/{guess}").status_code == 404 for guess in wrong)


def test_a_token_says_what_was_signed():
    file, reader = uuid4(), Audience("u", 7)
    assert read_file_token(file_token(file, reader)) == (file, reader)


def test_other_pages_cannot_embed_a_file(page):
    url = link_of(page, page.upload(picture()).json())
    assert Client().get(url, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert Client().get(url, headers={"sec-fetch-site": "none"}).status_code == 200


def test_an_altered_file_is_not_shown(page, media):
    card = page.upload(picture()).json()
    path = media / Attachment.objects.get().path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert refused(Client().get(link_of(page, card)))
