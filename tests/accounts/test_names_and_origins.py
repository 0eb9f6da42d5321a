"""What outsiders may call themselves, and which origins may be stored."""

import pytest

from accounts.names import customer_name
from accounts.origins import clean_origin, clean_origins
from core.errors import Refused


@pytest.mark.parametrize(
    "name",
    [
        "Wei Chen",
        "Ana María",
        "Zoë",
        "王小明",
        "محمد علي",
        "Nguyễn Thị Hoa",
        "O'Brien",
        "Agentha",
        "Botond",
        "Steam Fan",
        "Иван",
        "박지성",
        "Systema K.",
    ],
)
def test_ordinary_names_are_kept(name):
    assert customer_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "Support", "SUPPORT", " support ", "Larkfield Support", "Customer Service", "customer-service", "S u p p o r t",
        "Suppοrt", "Ѕupport", "Support✓", "5upport", "Supp0rt", "𝐒𝐮𝐩𝐩𝐨𝐫𝐭", "ＳＵＰＰＯＲＴ", "Sup\u200bport", "Súppört",
        "admin", "Admin Anna", "Moderator", "Official", "Security Team", "Staff", "Agent 7", "Bot", "客服", "官方客服",
        "在线客服小王", "サポート担当", "고객센터", "Поддержка", "техподдержка биржи", "الدعم الفني", "Soporte", "Atendimento",
        "Help Desk", "verified", "", "   ", "\x00", "\u200b",
    ],
)  # fmt: skip
def test_names_that_pose_as_staff_or_say_nothing_are_dropped(name):
    assert customer_name(name) == ""


def test_names_are_one_short_line():
    assert customer_name("Wei\nChen\u202e") == "Wei Chen"
    assert customer_name("x" * 500) == "x" * 80


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://www.example.com", "https://www.example.com"),
        (" HTTPS://WWW.Example.COM/ ", "https://www.example.com"),
        ("https://example.com:443", "https://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_origins_have_one_form(typed, stored):
    assert clean_origin(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "", "*", "https://*", "https://*.example.com", "http://example.com", "ftp://example.com", "example.com",
        "https://example.com/path", "https://example.com?x", "https://example.com#x", "https://user@example.com",
        "https://user:pw@example.com", "https://exa mple.com", "https://example.com:0", "https://example.com:99999",
        "https://example.com:", "null", "https://-a.example", "https://a..b", "javascript://x", "https://example.com\\.evil",
        "https://[::1", "https://[1.2.3.4]", "https://example.com//",
    ],
)  # fmt: skip
def test_what_is_no_origin_is_refused(typed):
    with pytest.raises(Refused) as refused:
        clean_origin(typed)
    assert refused.value.code == "bad_origin"


def test_each_origin_is_kept_once():
    assert clean_origins(["https://a.example", " ", "https://A.example/", "https://b.example"]) == [
        "https://a.example",
        "https://b.example",
    ]
