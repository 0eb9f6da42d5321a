"""Names that customers give themselves. A name never proves anything, and must not look as if it did."""

import re
import unicodedata

from core.errors import Refused
from core.text import clean_line

NAME_LIMIT = 80

_SEPARATORS = re.compile(r"[\W_]+")
_LOOKALIKES = str.maketrans(
    {"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "|": "l", "!": "i"}
    | dict(zip("асеорхуікпѕԁɡ", "aceopxyiknsdg", strict=False))
    | dict(zip("αοερτικυνι", "aoeptikuvi", strict=False))
)
_BADGES = re.compile(
    "[\u2713\u2714\u2705\u2611\U0001f5f8\u2b50\u2605\u2606\u00ae\u2122\u00a9\U0001f6e1\U0001f512\U0001f510]"
)


def customer_name(raw: str) -> str:
    """A name as the console may show it: one line, at most 80 characters, or empty if it is unfit or poses as staff."""
    try:
        name = clean_line(_BADGES.sub("", raw)[: NAME_LIMIT * 4], NAME_LIMIT * 4)[:NAME_LIMIT].rstrip()
    except Refused:
        return ""
    return "" if poses_as_staff(name) else name


def poses_as_staff(name: str) -> bool:
    """Whether a reader could take the name for the desk's own voice. Pure."""
    for form in {
        _skeleton(name),
        _skeleton(name.translate(_LOOKALIKES)),
        _skeleton(_folded(name).translate(_LOOKALIKES)),
    }:
        words = _SEPARATORS.split(form)
        joined = "".join(words)
        if joined in STAFF_WORDS or STAFF_WORDS.intersection(words):
            return True
        if any(word in joined for word in STAFF_WORDS - WHOLE_WORDS_ONLY):
            return True
    return False


def _folded(name: str) -> str:
    """Compatibility forms and letter case are gone, accents kept."""
    return unicodedata.normalize("NFKC", name).casefold()


def _skeleton(name: str) -> str:
    """Folded, without accents and without characters that nobody sees."""
    decomposed = unicodedata.normalize("NFKD", _folded(name))
    return unicodedata.normalize(
        "NFC", "".join(char for char in decomposed if unicodedata.category(char) not in {"Mn", "Cf"})
    )


# What a person who claims to speak for the desk calls themselves, in the languages of the product.
STAFF_WORDS = frozenset(
    _skeleton(word)
    for word in """support supportteam supportdesk helpdesk customerservice customersupport customercare
    techsupport admin administrator moderator staff agent operator official officialsupport system security securityteam
    verified bot assistant team soporte administrador
    equipo oficial atencionalcliente assistance serviceclient administrateur officiel
    equipe поддержка администратор модератор оператор техподдержка служба destek yonetici resmi musteri
    hotro quantri chinhthuc hỗtrợ サポート 運営 公式 管理者 고객센터 고객지원 운영자 관리자 공식 suporte atendimento
    客服 官方 管理员 管理員 技术支持 技術支援 客户服务 在线客服 人工客服 الدعم المشرف رسمي الإدارة""".split()  # noqa: SIM905
)
# Short or common words: only as the whole name or a word of its own; the others also inside a longer name.
WHOLE_WORDS_ONLY = frozenset(
    _skeleton(word)
    for word in ("agent", "team", "bot", "system", "staff", "admin", "equipo", "equipe", "служба", "security")
)
