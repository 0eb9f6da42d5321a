import pytest
from django.http import Http404
from django.test import RequestFactory

from core.metrics import metrics


def ask(**headers):
    return metrics(RequestFactory().get("/metrics", headers=headers))


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer wrong", "bearer s3cret", "Basic s3cret", "s3cret", "Bearer s3creté"],
)
def test_without_the_token_there_is_no_such_page(settings, authorization):
    settings.METRICS_TOKEN = "s3cret"
    with pytest.raises(Http404):
        ask(Authorization=authorization)


def test_without_a_token_set_nobody_gets_in(settings):
    settings.METRICS_TOKEN = ""
    for authorization in ("", "Bearer ", "Bearer None"):
        with pytest.raises(Http404):
            ask(Authorization=authorization)


def test_the_holder_of_the_token_reads_figures(settings):
    settings.METRICS_TOKEN = "s3cret"
    response = ask(Authorization="Bearer s3cret")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")
    assert b"\ndesk_frames_in_total " in response.content
    assert "no-store" in response["Cache-Control"]
