"""Every sentence of the desk is there in every language, whole, and compiled."""

from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import to_locale

from core.catalogues.problems import faults_of_source, problems_of
from core.catalogues.sources import collect

TARGETS = ("zh-hans", "zh-hant", "es", "fr", "ru", "tr", "vi", "ja", "ko", "pt-br", "ar")


@pytest.fixture(scope="module")
def sentences():
    return collect(Path(settings.BASE_DIR))


def test_the_desk_offers_twelve_languages():
    assert tuple(code for code, _name in settings.LANGUAGES) == ("en", *TARGETS)


def test_every_sentence_can_be_translated(sentences):
    assert [(s.places, fault, s.one) for s in sentences for fault in faults_of_source(s)] == []


@pytest.mark.parametrize("language", TARGETS)
def test_nothing_is_missing_or_wrong(language, sentences):
    problems = problems_of(Path(settings.LOCALE_PATHS[0]), to_locale(language), sentences)
    assert not problems, f"{len(problems)} problems, first: " + "; ".join(map(str, problems[:10]))
