"""The pages of the widget and the demo, as a browser's first request meets them."""

import gzip
import json
import re

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.actions.sites import create_site
from accounts.identity import verify_identity
from accounts.models import Site
from accounts.recording import COMMAND_LINE
from chat.demo_people import CUSTOMERS
from chat.texts import launcher_words, plural, widget_texts
from core.db import utc_now
from core.locales import LANGUAGES
from tests.cast import make_site

pytestmark = pytest.mark.django_db

OURS = {"HTTP_HOST": "127.0.0.1:8000"}
SECRET = "a-secret-of-thirty-two-bytes-at-least"


@pytest.fixture
def site() -> Site:
    """The demo exchange, embedded by another origin."""
    return create_site(
        key="larkfield",
        name="Larkfield",
        origins=["https://exchange.example"],
        issuer="https://larkfield.example",
        identity_secret=SECRET,
        origin=COMMAND_LINE,
    )


def directives(answer) -> dict[str, list[str]]:
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in parts}


def json_of(answer, name: str):
    found = re.search(
        rf'<script id="{name}" type="application/json">(.*?)</script>', answer.content.decode(), re.DOTALL
    )
    assert found is not None
    return json.loads(found[1])


def test_only_the_sites_own_origins_may_frame_the_chat(client, site):
    answer = client.get("/widget/larkfield/")
    assert answer.status_code == 200
    assert directives(answer)["frame-ancestors"] == ["'self'", "https://exchange.example"]
    assert "X-Frame-Options" not in answer.headers
    assert json_of(answer, "settings")["origins"] == ["http://127.0.0.1:8000", "https://exchange.example"]


def test_nobody_may_frame_the_full_page(client, site):
    answer = client.get("/chat/larkfield/")
    assert answer.status_code == 200
    assert directives(answer)["frame-ancestors"] == ["'none'"]
    assert json_of(answer, "settings") == {"site": "larkfield", "name": "Larkfield", "origins": [], "framed": False}


def test_the_chat_runs_no_script_but_ours_and_sets_no_cookie(client, site):
    answer = client.get("/widget/larkfield/")
    policy = directives(answer)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert policy["style-src"] == ["'self'"]
    assert policy["connect-src"] == ["'self'", "ws://127.0.0.1:8000"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    assert not answer.cookies


@pytest.mark.parametrize("path", ["/widget/nobody/", "/chat/nobody/", "/widget/LARKFIELD/"])
def test_an_unknown_site_has_no_page(client, site, path):
    assert client.get(path).status_code == 404


def test_a_site_that_is_off_has_no_page(client, site):
    Site.objects.filter(pk=site.pk).update(is_active=False)
    assert client.get("/widget/larkfield/").status_code == 404


@pytest.mark.parametrize(
    ("query", "spoken", "language", "direction"),
    [
        ("", "", "en", "ltr"),
        ("?lang=ar", "", "ar", "rtl"),
        ("?lang=zh-HK", "", "zh-hant", "ltr"),
        ("", "pt;q=0.8, tr", "tr", "ltr"),
        ("?lang=xx", "ru", "ru", "ltr"),
        ("?lang=%22%3E%3Cscript%3E", "", "en", "ltr"),
    ],
)
def test_the_chat_speaks_the_language_that_is_asked_for(client, site, query, spoken, language, direction):
    answer = client.get(f"/widget/larkfield/{query}", headers={"Accept-Language": spoken} if spoken else {})
    assert f'<html lang="{language}" dir="{direction}"' in answer.content.decode()
    assert answer.headers["Content-Language"] == language


def test_a_look_that_was_configured_stays_data(client, site):
    Site.objects.filter(pk=site.pk).update(theme={"mode": "dark", "accent": '"><b>', "accent_dark": "#77ccff"})
    page = client.get("/widget/larkfield/").content.decode()
    assert 'data-theme="dark"' in page
    assert 'data-accent="&quot;&gt;&lt;b&gt;"' in page
    assert 'data-accent-dark="#77ccff"' in page


def test_the_loader_is_small_and_the_same_for_everybody(client):
    plain = client.get("/widget.js")
    packed = client.get("/widget.js", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) <= 5 * 1024
    assert b"/*WORDS*/" not in plain.content
    assert plain.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert plain.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = client.get("/widget.js", headers={"If-None-Match": plain.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_button_has_words_in_every_language():
    words = json.loads(launcher_words())
    assert list(words) == [code for code, _name in LANGUAGES]
    assert {len(each) for each in words.values()} == {4}
    assert all("{n}" in each[2] for each in words.values())


@pytest.mark.parametrize(
    ("language", "categories"),
    [
        ("en", ["one", "other"]),
        ("zh-hans", ["one", "other"]),
        ("ru", ["one", "few", "many", "other"]),
        ("ar", ["zero", "one", "two", "few", "many", "other"]),
    ],
)
def test_counted_sentences_come_in_every_plural_form(language, categories):
    with override(language):
        assert list(plural(str)) == categories
        assert list(widget_texts()["people_before"]) == categories


def test_every_text_is_a_sentence():
    texts = widget_texts()
    assert all(isinstance(text, str | dict) and text for text in texts.values())


def test_the_demo_says_that_it_is_one_and_embeds_the_public_script(client, site):
    answer = client.get("/demo/", **OURS)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "This exchange is invented" in page
    assert '<script async src="http://127.0.0.1:8000/widget.js" data-site="larkfield"' in page
    assert directives(answer)["frame-src"] == ["'self'"]
    assert answer.headers["Cache-Control"] == "no-store, private"


def test_the_demo_lives_at_one_origin_only(client, site):
    answer = client.get("/demo/", HTTP_HOST="localhost:8000")
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:8000/demo/")


def test_the_demo_shows_the_sign_ins_that_were_seeded(client, site, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    assert "seed_demo" in client.get("/demo/", **OURS).content.decode()
    person = {"role": "agent", "email": "ana@desk.example", "password": "word-word", "totp_command": "print totp"}
    (tmp_path / "demo.json").write_text(json.dumps([person]))
    page = client.get("/demo/", **OURS).content.decode()
    assert all(value in page for value in person.values())


def test_the_demo_vouches_for_its_own_customers(client, site):
    for person in CUSTOMERS:
        answer = client.post(reverse("chat:demo_identity"), {"customer": person.subject}, **OURS)
        said = verify_identity(answer.json()["token"], site=site, now=utc_now())
        assert (said.subject, said.name, said.language) == (person.subject, person.name, person.language)


def test_the_demo_vouches_for_nobody_else(client, site):
    assert client.post(reverse("chat:demo_identity"), {"customer": "somebody"}, **OURS).status_code == 404
    assert client.post(reverse("chat:demo_identity"), {}, **OURS).status_code == 404
    assert client.get(reverse("chat:demo_identity"), **OURS).status_code == 405


def test_an_exchange_without_a_secret_cannot_vouch(client):
    make_site()
    assert client.post(reverse("chat:demo_identity"), {"customer": CUSTOMERS[0].subject}, **OURS).status_code == 404


def test_production_has_no_demo(client, site, settings, tmp_path):
    settings.PRODUCTION = True
    settings.DATA_DIR = tmp_path
    (tmp_path / "demo.json").write_text('[{"email": "ana@desk.example"}]')
    assert client.get("/demo/", **OURS).status_code == 404
    assert client.post(reverse("chat:demo_identity"), {"customer": CUSTOMERS[0].subject}, **OURS).status_code == 404
