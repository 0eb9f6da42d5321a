"""How a browser's session begins and ends over HTTP."""

from uuid import UUID, uuid4

import jwt
import pytest

from accounts.models import Customer, CustomerSession, Issuer, IssuerKey, SitePolicy
from core.db import utc_now
from tests.chat.conftest import Page, code_of

PATH = "/api/widget/larkfield/session"
SECRET = "a shared secret of at least thirty-two bytes"

pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture
def vouched(site):
    """The site's exchange signs identities."""
    issuer = Issuer.objects.create(site=site, name="exchange")
    IssuerKey.objects.create(issuer=issuer, kid="k1", algorithm="HS256", key=SECRET)

    def sign(subject="42", **more):
        at = int(utc_now().timestamp())
        claims = {"iss": "exchange", "aud": "larkfield", "sub": subject, "iat": at, "exp": at + 300, "jti": uuid4().hex}
        return jwt.encode(claims | {"name": "Wei"} | more, SECRET, algorithm="HS256", headers={"kid": "k1"})

    return sign


def test_a_new_browser_gets_a_session():
    answer = Page().post(PATH, {"locale": "zh-HK", "page": "https://exchange.example/help"})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"token", "customer", "ticket", "settings"}
    assert len(body["token"]) >= 43
    assert (body["customer"]["verified"], body["ticket"]) == (False, None)
    assert UUID(body["customer"]["id"]) == Customer.objects.get().public_id
    assert set(body["settings"]) == {"texts", "limits", "features"}
    assert CustomerSession.objects.get().language == "zh-hant"
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert "Set-Cookie" not in answer.headers
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_the_language_of_the_browser_counts_when_none_is_named():
    Page(**{"accept-language": "tr-TR,tr;q=0.9"}).post(PATH, {})
    assert CustomerSession.objects.get().language == "tr"


def test_resume_goes_on_with_the_same_session():
    first = Page().post(PATH, {}).json()
    second = Page().post(PATH, {"resume": first["token"]}).json()
    assert (second["token"], second["customer"]) == (first["token"], first["customer"])
    assert CustomerSession.objects.count() == 1


def test_resume_of_a_stranger_is_a_new_person():
    first = Page().post(PATH, {}).json()
    second = Page().post(PATH, {"resume": "x" * 43}).json()
    assert second["customer"]["id"] != first["customer"]["id"]


def test_a_signed_identity_is_shown_as_verified_and_keeps_what_was_written_before(vouched):
    anonymous = Page().post(PATH, {}).json()
    Page(anonymous["token"]).post("/api/chat/messages", {"client_id": str(uuid4()), "body": "before signing in"})
    known = Page().post(PATH, {"identity": vouched(), "resume": anonymous["token"]}).json()
    assert known["customer"]["verified"] is True
    assert known["token"] != anonymous["token"]
    assert known["ticket"]["public_seq"] == 1
    assert Page(known["token"]).get("/api/chat/messages").json()["messages"][0]["body"] == "before signing in"
    assert code_of(Page(anonymous["token"]).get("/api/chat/messages")) == (401, "not_authenticated")


def test_history_joins_a_customer_who_was_here_before(vouched):
    Page().post(PATH, {"identity": vouched()})
    anonymous = Page().post(PATH, {}).json()
    Page(anonymous["token"]).post("/api/chat/messages", {"client_id": str(uuid4()), "body": "from another browser"})
    known = Page().post(PATH, {"identity": vouched(), "resume": anonymous["token"]}).json()
    assert Page(known["token"]).get("/api/chat/messages").json()["messages"][0]["body"] == "from another browser"


def test_another_person_in_the_same_browser_sees_nothing(vouched):
    first = Page().post(PATH, {"identity": vouched("42")}).json()
    Page(first["token"]).post("/api/chat/messages", {"client_id": str(uuid4()), "body": "mine"})
    second = Page().post(PATH, {"identity": vouched("43"), "resume": first["token"]}).json()
    assert second["ticket"] is None
    assert Page(second["token"]).get("/api/chat/messages").json()["messages"] == []


@pytest.mark.parametrize("change", [{"aud": "other"}, {"exp": 1}, {"jti": 7}, {"iss": "nobody"}])
def test_an_identity_that_is_not_accepted_opens_nothing(vouched, change):
    assert code_of(Page().post(PATH, {"identity": vouched(**change)})) == (401, "identity_invalid")
    assert CustomerSession.objects.count() == 0


def test_a_used_identity_does_not_open_a_second_session(vouched):
    token = vouched()
    assert Page().post(PATH, {"identity": token}).status_code == 200
    assert code_of(Page().post(PATH, {"identity": token})) == (401, "identity_invalid")
    assert CustomerSession.objects.count() == 1


ORIGINS = [
    None, "", "null", "https://exchange.example", "http://127.0.0.1", "http://127.0.0.1:8001", "https://127.0.0.1:8000",
    "http://127.0.0.1:8000/", "http://127.0.0.1:8000.evil.example", "http://user@127.0.0.1:8000", "HTTP://127.0.0.1:8000",
    "http://localhost:8000", "http://127.0.0.1:8000,http://127.0.0.1:8000", "http://127.0.0.1:8000 http://evil.example",
    "file://", "http://[::1]:8000", "http://127.1:8000", "http://127.0.0.1:08000", " http://127.0.0.1:8000x",
]  # fmt: skip


@pytest.mark.parametrize("origin", ORIGINS)
def test_pages_of_others_are_refused(origin):
    page = Page()
    page.headers.pop("origin")
    if origin is not None:
        page.headers["origin"] = origin
    assert code_of(page.post(PATH, {})) == (403, "origin_not_allowed")
    assert Customer.objects.count() == 0


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "anything"])
def test_requests_that_the_browser_calls_foreign_are_refused(site):
    assert code_of(Page(**{"sec-fetch-site": site}).post(PATH, {})) == (403, "origin_not_allowed")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "text/plain"),
        (b"{}", "application/x-www-form-urlencoded"),
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'"x"', "application/json"),
        (b'{"a":1}', "application/json"),
        (b'{"locale":1}', "application/json"),
        (b'{"resume":""}', "application/json"),
        (b'{"identity":"' + b"x" * 9000 + b'"}', "application/json"),
        (b'{"locale":"' + b"\xff\xfe" + b'"}', "application/json"),
        (b'{"locale":"\\ud800"}', "application/json"),
        (b"[" * 60_000, "application/json"),
        (b'{"page":"' + b"x" * 70_000 + b'"}', "application/json"),
    ],
)
def test_a_body_that_is_not_ours_is_refused_without_an_echo(body, kind):
    answer = Page().post(PATH, body, kind)
    assert code_of(answer) == (400, "bad_request")
    assert Customer.objects.count() == 0


def test_an_unknown_site_is_not_found(site):
    assert code_of(Page().post("/api/widget/elsewhere/session", {})) == (404, "site_not_found")
    site.is_active = False
    site.save()
    assert code_of(Page().post(PATH, {})) == (404, "site_not_found")


def test_too_many_sessions_from_one_address_are_told_when_to_return(site):
    SitePolicy.objects.create(site=site, name="limit.sessions_per_minute_per_address", value=2)
    assert [Page().post(PATH, {}).status_code for _ in range(2)] == [200, 200]
    answer = Page().post(PATH, {})
    assert code_of(answer) == (429, "too_many")
    assert answer.json()["error"]["retry_after"] == int(answer.headers["Retry-After"]) > 0
    assert Customer.objects.count() == 2


def test_logout_ends_the_session_and_is_silent_about_strangers(browser):
    page = Page(browser.token)
    assert page.post("/api/widget/larkfield/logout").status_code == 204
    assert code_of(page.get("/api/chat/messages")) == (401, "not_authenticated")
    for stranger in (page, Page("x" * 43), Page()):
        assert stranger.post("/api/widget/larkfield/logout").status_code == 204


def test_logout_at_another_site_ends_nothing(browser, cast):
    cast.make_site("otherfield")
    assert Page(browser.token).post("/api/widget/otherfield/logout").status_code == 204
    assert Page(browser.token).get("/api/chat/messages").status_code == 200


def test_other_methods_are_refused_in_json():
    answer = Page().get(PATH)
    assert code_of(answer) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_preflight_of_another_page_gets_no_permission():
    answer = Page().client.options(
        PATH, headers={"origin": "https://evil.example", "access-control-request-method": "POST"}
    )
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
