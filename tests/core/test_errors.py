import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy

from core.errors import Conflict, DomainError, NotAllowed, NotFound, Refused, TooMany, TransientError


@pytest.mark.parametrize(("kind", "status"), [(NotFound, 404), (NotAllowed, 403), (Refused, 422), (Conflict, 409)])
def test_each_refusal_has_its_status_code_and_facts(kind, status):
    error = kind("some_code", "A sentence.", limit=5)
    assert (error.status, error.code, error.message, error.facts, str(error)) == (
        status, "some_code", "A sentence.", {"limit": 5}, "some_code",
    )  # fmt: skip
    assert isinstance(error, DomainError)


def test_too_many_says_when_to_come_back():
    error = TooMany("too_many", "Wait.", retry_after=7)
    assert (error.status, error.retry_after, error.facts) == (429, 7, {"retry_after": 7})


def test_a_sentence_is_in_the_language_of_its_reader_not_of_its_writer():
    with translation.override("en"):
        error = Refused("no", gettext_lazy("Yes"))
    with translation.override("fr"):
        assert error.message == "Oui"


def test_what_is_retried_is_not_shown_to_people():
    assert not issubclass(TransientError, DomainError)
