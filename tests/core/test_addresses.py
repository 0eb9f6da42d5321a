"""The address that limits count is the client's own, whatever headers it sends."""

import pytest
from django.test import RequestFactory

from core.addresses import address_of, client_ip


def request(remote="203.0.113.9", **headers):
    return RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, "203.0.113.9"),
        (0, "198.51.100.7", "203.0.113.9"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        (1, "made up, 198.51.100.7 ", "198.51.100.7"),
        (2, "1.1.1.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (1, "198.51.100.7:4711", "unknown"),
        (1, "<script>", "unknown"),
        (1, "", "unknown"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        (1, "::ffff:198.51.100.7", "198.51.100.7"),
        (3, "198.51.100.7", "198.51.100.7"),
    ],
)
def test_only_what_our_own_proxies_added_is_believed(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    assert address_of(request(**headers)) == expected


def test_other_headers_change_nothing(settings):
    settings.TRUSTED_PROXIES = 1
    headers = {
        "x-forwarded-for": "198.51.100.7",
        "x-real-ip": "1.1.1.1",
        "forwarded": "for=1.1.1.1",
        "client-ip": "1.1.1.1",
    }
    assert address_of(request(**headers)) == "198.51.100.7"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8::6", "2001:db8::6"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("x", None),
    ],
)
def test_the_audit_and_lock_outs_name_the_whole_address(settings, forwarded, expected):
    settings.TRUSTED_PROXIES = 1
    assert client_ip(request(**{"x-forwarded-for": forwarded})) == expected
