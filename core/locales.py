"""The one map from language tags of the outside world (BCP 47) to the languages of the product.

Used for signed identities, Accept-Language, content, mail and bot alike, so that a person meets the same language
everywhere. Imports nothing, so that settings can use it.
"""

import re

# Codes are Django's; names are what a speaker calls the language.
LANGUAGES: tuple[tuple[str, str], ...] = (
    ("en", "English"),
    ("zh-hans", "简体中文"),
    ("zh-hant", "繁體中文"),
    ("es", "Español"),
    ("fr", "Français"),
    ("ru", "Русский"),
    ("tr", "Türkçe"),
    ("vi", "Tiếng Việt"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("pt-br", "Português (Brasil)"),
    ("ar", "العربية"),
)
CODES = frozenset(code for code, _ in LANGUAGES)
DEFAULT = "en"
RIGHT_TO_LEFT = frozenset({"ar"})

# What a reader of the first can still read, best first; everybody ends at the default.
NEIGHBOURS: dict[str, tuple[str, ...]] = {"zh-hant": ("zh-hans",), "zh-hans": ("zh-hant",)}

# Languages that have a code of their own but are written as one of ours.
WRITTEN_AS = {
    "arb": "ar", "arz": "ar", "ary": "ar", "apc": "ar", "acm": "ar", "afb": "ar", "ajp": "ar", "ars": "ar",
    "cmn": "zh", "gan": "zh", "hsn": "zh", "wuu": "zh", "hak": "zh-hant", "nan": "zh-hant", "yue": "zh-hant",
}  # fmt: skip
TRADITIONAL_REGIONS = frozenset({"tw", "hk", "mo", "cht"})
TRADITIONAL_SCRIPTS = frozenset({"hant", "bopo", "hanb"})
MAX_TAG = 64
MAX_HEADER = 1000
MAX_HEADER_TAGS = 32
TAG = re.compile(r"[a-z]{2,8}(?:-[a-z0-9]{1,8})*")
QUALITY = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")


def best_language(*tags: str, default: str = DEFAULT) -> str:
    """The product's language for the first tag that has one; tags are untrusted and may be anything."""
    for tag in tags:
        code = _code_of(tag)
        if code:
            return code
    return default


def fallback_chain(code: str) -> tuple[str, ...]:
    """Languages to look for a text in, best first: ``zh-HK`` -> zh-hant, zh-hans, en; ``pt`` -> pt-br, en. Never
    empty.
    """
    own = best_language(code)
    return tuple(dict.fromkeys((own, *NEIGHBOURS.get(own, ()), DEFAULT)))


def is_rtl(code: str) -> bool:
    """Whether pages in this language run from right to left."""
    return best_language(code) in RIGHT_TO_LEFT


def from_accept_language(header: str) -> str:
    """The best language of an Accept-Language header (RFC 9110, 12.5.4), by weight, then by place; weight 0 means
    "never".
    """
    weighed: list[tuple[float, str]] = []
    for part in header[:MAX_HEADER].split(",")[:MAX_HEADER_TAGS]:
        tag, _, parameters = part.strip().partition(";")
        weight = QUALITY.fullmatch(parameters.strip().lower()) if parameters else None
        if parameters and not weight:
            continue
        quality = float(weight[1]) if weight else 1.0
        if 0 < quality <= 1:
            weighed.append((quality, tag))
    weighed.sort(key=lambda item: -item[0])
    return best_language(*(tag for _, tag in weighed))


def _code_of(tag: str) -> str | None:
    """Our code for one tag, or None; also takes the POSIX form ``zh_TW.UTF-8``."""
    plain = re.split(r"[.@]", tag[:MAX_TAG], maxsplit=1)[0].strip().replace("_", "-").lower()
    if not TAG.fullmatch(plain):
        return None
    first, *rest = plain.split("-")
    if rest and rest[0] in WRITTEN_AS:  # extended form: zh-yue, ar-arz
        first = rest.pop(0)
    first, *implied = WRITTEN_AS.get(first, first).split("-")
    if first == "zh":
        return _chinese(rest, implied)
    if first == "pt":
        return "pt-br"
    return first if first in CODES else None


def _chinese(subtags: list[str], implied: list[str]) -> str:
    """The script decides if it is named, else what the language implies, else the region."""
    for subtag in subtags:
        if subtag in TRADITIONAL_SCRIPTS:
            return "zh-hant"
        if subtag in {"hans", "chs"}:
            return "zh-hans"
    if implied or TRADITIONAL_REGIONS.intersection(subtags):
        return "zh-hant"
    return "zh-hans"
