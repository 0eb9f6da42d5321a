import pytest

from core.origins import origin_header, origin_of, same_origin

OURS = ("https://desk.example.com", "http://127.0.0.1:8000")


@pytest.mark.parametrize("header", [b"https://desk.example.com", b"http://127.0.0.1:8000"])
def test_an_allowed_origin_may_open(header):
    assert same_origin(header, OURS)


@pytest.mark.parametrize(
    "header",
    [
        b"", b"null", b"*", b"https://", b"desk.example.com", b"//desk.example.com",
        b"http://desk.example.com", b"wss://desk.example.com", b"https://desk.example.com:443",
        b"https://desk.example.com/", b"https://desk.example.com.", b"https://desk.example.com:8443",
        b"HTTPS://desk.example.com", b"https://Desk.example.com", b"https://desk.example.com.evil.com",
        b"https://evil.com/https://desk.example.com", b"https://desk.example.com@evil.com",
        b"https://user@desk.example.com", b"http://user@127.0.0.1:8000", b"http://user:pass@127.0.0.1:8000",
        b"https://evil-desk.example.com", b"https://sub.desk.example.com", b"https://example.com",
        b"https://desk.example.com#x", b"https://desk.example.com?x", b"https://desk.example.com ",
        b" https://desk.example.com", b"https://desk.example.com\x0b", b"https://desk.example.com\x85",
        b"https://desk.example.com, https://evil.com", b"http://127.0.0.1", b"http://localhost:8000",
        b"http://[::1]:8000", b"http://2130706433:8000", "https://desk.example.com\u3002".encode(),
    ],
)  # fmt: skip
def test_everybody_else_may_not(header):
    assert not same_origin(header, OURS)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://Desk.Example.com:443/path?x=1", "https://desk.example.com"),
        ("http://desk.example.com:80/", "http://desk.example.com"),
        ("https://desk.example.com:8443", "https://desk.example.com:8443"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_origins_are_written_as_browsers_write_them(url, origin):
    assert origin_of(url) == origin


def test_a_repeated_or_absent_header_is_no_origin():
    assert origin_header([(b"origin", b"https://a"), (b"host", b"b")]) == b"https://a"
    assert origin_header([(b"origin", b"https://a"), (b"origin", b"https://a")]) is None
    assert origin_header([(b"host", b"b")]) is None
