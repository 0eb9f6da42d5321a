import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.locales import CODES, LANGUAGES, best_language, fallback_chain, from_accept_language, is_rtl


def test_the_languages_are_these_twelve():
    assert [code for code, _ in LANGUAGES] == [
        "en", "zh-hans", "zh-hant", "es", "fr", "ru", "tr", "vi", "ja", "ko", "pt-br", "ar",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"), ("en-GB", "en"), ("EN_us", "en"), ("es-419", "es"), ("fr-CA", "fr"), ("ru-RU", "ru"),
        ("pt", "pt-br"), ("pt-PT", "pt-br"), ("pt-BR", "pt-br"), ("ja-JP-u-ca-japanese", "ja"), ("ko-Kore-KR", "ko"),
        ("zh", "zh-hans"), ("zh-CN", "zh-hans"), ("zh-SG", "zh-hans"), ("zh-Hans", "zh-hans"), ("zh-Hans-HK", "zh-hans"),
        ("zh-TW", "zh-hant"), ("zh-HK", "zh-hant"), ("zh-MO", "zh-hant"), ("zh-Hant", "zh-hant"), ("zh-Hant-CN", "zh-hant"),
        ("zh-CHT", "zh-hant"), ("zh-CHS", "zh-hans"), ("zh_TW.UTF-8", "zh-hant"), ("zh-yue", "zh-hant"), ("yue", "zh-hant"),
        ("yue-Hans", "zh-hans"), ("zh-yue-Hans-CN", "zh-hans"), ("cmn", "zh-hans"), ("cmn-TW", "zh-hant"),
        ("ar-EG", "ar"), ("arz", "ar"), ("ar-arz", "ar"), ("tr-TR@euro", "tr"), ("vi_VN.utf8", "vi"),
    ],
)  # fmt: skip
def test_every_spelling_meets_its_language(tag, code):
    assert best_language(tag, default="none") == code


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "*",
        "de",
        "und",
        "x-klingon",
        "e",
        "english-but-long",
        "en!",
        "zh\x00",
        "-zh",
        "zh--cn",
        "العربية",
        "a" * 500,
    ],
)
def test_an_unknown_tag_is_the_default(tag):
    assert best_language(tag, default="none") == "none"


def test_the_first_known_tag_wins():
    assert best_language("de", "", "tr", "fr") == "tr"
    assert best_language() == "en"


@pytest.mark.parametrize(
    ("code", "chain"),
    [
        ("zh-HK", ("zh-hant", "zh-hans", "en")),
        ("zh-hans", ("zh-hans", "zh-hant", "en")),
        ("pt", ("pt-br", "en")),
        ("ar", ("ar", "en")),
        ("en", ("en",)),
        ("de", ("en",)),
    ],
)
def test_texts_are_looked_for_along_the_chain(code, chain):
    assert fallback_chain(code) == chain


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("de, fr;q=0.5", "fr"),
        ("en;q=0.5, zh-TW;q=0.9", "zh-hant"),
        ("de;q=1.0, *;q=0.1", "en"),
        ("fr;q=0, es;q=0.1", "es"),
        ("ja;q=0.800,ko;q=0.8", "ja"),
        ("tr;q=2, vi;q=1.5, ru;q=x", "en"),
        (" ar-SA , en ;q=0.9", "ar"),
        ("xx," * 5000 + "fr", "en"),
    ],
)
def test_the_header_of_a_browser_is_weighed(header, code):
    assert from_accept_language(header) == code


def test_only_arabic_runs_from_right_to_left():
    assert [code for code, _ in LANGUAGES if is_rtl(code)] == ["ar"]
    assert is_rtl("ar-SA")


@given(st.text(max_size=80))
def test_any_text_gives_a_language_of_ours(text):
    assert best_language(text) in CODES
    assert from_accept_language(text) in CODES
    assert fallback_chain(text)[-1] == "en"
