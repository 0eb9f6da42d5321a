"""The people of the chat's tests, in two forms: inside one transaction for HTTP, committed for sockets and processes.

Imports of the product stand inside: this file is read before the settings when tests are named one by one.
"""

import asyncio
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

OURS = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def media(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def cast():
    import tests.cast

    return tests.cast


@pytest.fixture
def site(db, cast):
    cast.make_agent("owner@desk.example", present=False)  # makes the default team
    return cast.make_site()


@pytest.fixture
def browser(site, cast):
    return cast.make_browser(site)


@pytest.fixture
def stranger(site, cast):
    return cast.make_browser(site)


@pytest.fixture
def committed_site(committed_db, cast):
    cast.make_agent("owner@desk.example", present=False)
    return cast.make_site()


@pytest.fixture
def committed_browser(committed_site, cast):
    return cast.make_browser(committed_site)


class Page:
    """A page of ours in a browser: JSON over HTTP with the headers that browsers add."""

    def __init__(self, token=None, **headers):
        self.headers = {"origin": OURS, "sec-fetch-site": "same-origin"} | headers
        if token:
            self.headers["authorization"] = f"Bearer {token}"
        self.client = Client(enforce_csrf_checks=True)

    def get(self, path, **query):
        headers = {name: value for name, value in self.headers.items() if name != "origin"}
        return self.client.get(path, query, headers=headers)

    def post(self, path, body=None, content_type="application/json"):
        data = body if isinstance(body, bytes | str) else json.dumps(body or {})
        return self.client.post(path, data, content_type=content_type, headers=self.headers)

    def upload(self, content, name="photo.png", field="file"):
        files = {field: SimpleUploadedFile(name, content)}
        return self.client.post("/api/chat/attachments", files, headers=self.headers)


@pytest.fixture
def page(browser):
    return Page(browser.token)


@pytest.fixture
def strangers_page(stranger):
    return Page(stranger.token)


def code_of(answer):
    """Status and code of a refusal; its form is checked on the way."""
    error = answer.json()["error"]
    assert error["message"]
    return answer.status_code, error["code"]


async def until(condition, within=5.0):
    """Wait for something that another task or process does."""
    deadline = asyncio.get_running_loop().time() + within
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it did not happen"
        await asyncio.sleep(0.01)
