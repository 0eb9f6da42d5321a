"""The translation tool itself: what it finds, what it keeps, what it refuses."""

import gettext
import io
import json
import sys

import polib
import pytest
from django.core.management import CommandError, call_command

from core.catalogues import files
from core.catalogues.problems import faults_of_source, placeholders, problems_of, problems_of_entry
from core.catalogues.sources import Sentence, collect, sentences_in_python, sentences_in_template

PYTHON = '''
from django.utils.translation import gettext as _, gettext_lazy as later, ngettext, pgettext_lazy as in_context

TITLE = later("Waiting tickets")
# Translators: the state of a ticket, not a verb.
STATE = in_context("ticket state", "Open")


def told(count, name):
    """Not a sentence: "gettext".""" + ""
    return _(
        "%(name)s has "
        "joined"
    ) % {"name": name}, ngettext("%(count)d ticket", "%(count)d tickets", count) % {"count": count}
'''.replace('"""Not a sentence: "gettext".""" + ""', "")

TEMPLATE = """{% load i18n %}
<h1>{% translate "Sign in" %}</h1>
    {# Translators: on the button that ends a chat. #}
  <button aria-label="{% translate 'Close' context 'chat' %}">x = f(a, 'b"</button>
{% translate "Hello" as hello %}
\t{% blocktranslate with name=agent.name trimmed %}
        {{ name }} answers
        100% of the time
  {% endblocktranslate %}
{% blocktranslate count n=all|length %}{{ n }} case{% plural %}{{ n }} cases{% endblocktranslate %}
{{ title|default:_("No title") }} {% include "x.html" with label=_("Label") %}
{% comment %} {% translate "never shown" %} {% endcomment %}
"""


def keys(sentences):
    return {(sentence.context, sentence.one, sentence.many) for sentence in sentences}


def test_sentences_of_a_module_are_found_under_any_alias():
    found = sentences_in_python(PYTHON, "a.py")
    assert keys(found) == {
        ("", "Waiting tickets", None),
        ("ticket state", "Open", None),
        ("", "%(name)s has joined", None),
        ("", "%(count)d ticket", "%(count)d tickets"),
    }
    assert next(s for s in found if s.one == "Open").remarks == ("the state of a ticket, not a verb.",)


def test_sentences_of_a_template_are_found_whatever_its_indentation():
    found = sentences_in_template(TEMPLATE, "a.html")
    assert keys(found) == {
        ("", "Sign in", None),
        ("chat", "Close", None),
        ("", "Hello", None),
        ("", "%(name)s answers 100%% of the time", None),
        ("", "%(n)s case", "%(n)s cases"),
        ("", "No title", None),
        ("", "Label", None),
    }


def test_collecting_joins_the_places_and_leaves_tests_and_migrations_out(tmp_path):
    module = 'from django.utils.translation import gettext as _\n_("Once")\n'
    for name in (
        "chat/views.py",
        "console/views.py",
        "tests/test_x.py",
        "chat/migrations/0001_initial.py",
        ".venv/x.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(module)
    assert collect(tmp_path) == [Sentence("", "Once", None, ("chat/views.py", "console/views.py"))]


def test_merging_keeps_translations_and_drops_what_is_gone():
    old = polib.POFile()
    old.extend([entry("Yes", "Да"), entry("Gone", "Нет"), entry("Perhaps", "Может", flags=["fuzzy"])])
    sentences = [
        Sentence("", "Perhaps", None, ("a.py",)),
        Sentence("", "New", None, ("a.py",)),
        Sentence("", "Yes", None, ("a.py",)),
    ]
    fresh = files.merged(old, sentences, "ru")
    assert [(e.msgid, e.msgstr, e.fuzzy, e.obsolete) for e in fresh] == [
        ("Perhaps", "Может", True, False),
        ("New", "", False, False),
        ("Yes", "Да", False, False),
    ]
    assert files.text_of(
        files.merged(polib.pofile(files.text_of(fresh), wrapwidth=files.WIDTH), sentences, "ru")
    ) == files.text_of(fresh)


def test_a_sentence_whose_plural_appeared_is_translated_again():
    old = polib.pofile('msgid ""\nmsgstr ""\n\nmsgid "%(n)d case"\nmsgstr "%(n)d дело"\n')
    fresh = files.merged(old, [Sentence("", "%(n)d case", "%(n)d cases", ("a.py",))], "ru")
    assert fresh[0].msgstr_plural == {0: "", 1: "", 2: "", 3: ""}
    assert fresh[0].msgstr == ""


@pytest.mark.parametrize(
    ("locale", "count"),
    [
        ("zh_Hans", 1),
        ("zh_Hant", 1),
        ("es", 3),
        ("fr", 2),
        ("ru", 4),
        ("tr", 2),
        ("vi", 1),
        ("ja", 1),
        ("ko", 1),
        ("pt_BR", 2),
        ("ar", 6),
    ],
)
def test_plural_forms_are_those_of_django(locale, count):
    assert files.plural_count(locale) == count
    assert {files.plural_form(locale)(n) for n in range(2_000)} <= set(range(count))


def test_the_compiled_file_speaks_through_the_standard_library(tmp_path):
    catalogue = files.merged(
        polib.POFile(),
        [Sentence("", "one", "many", ()), Sentence("door", "Open", None, ()), Sentence("", "Draft", None, ())],
        "ru",
    )
    catalogue.find("one").msgstr_plural = {0: "случай", 1: "случая", 2: "случаев", 3: "случая"}
    catalogue.find("Open", msgctxt="door").msgstr = "Открыть"
    catalogue.find("Draft").msgstr = "Набросок"
    catalogue.find("Draft").flags.append("fuzzy")
    spoken = gettext.GNUTranslations(io.BytesIO(files.binary_of(catalogue)))
    assert [spoken.ngettext("one", "many", n) for n in (1, 2, 5, 21, 111)] == [
        "случай",
        "случая",
        "случаев",
        "случай",
        "случаев",
    ]
    assert spoken.pgettext("door", "Open") == "Открыть"
    assert spoken.gettext("Draft") == "Draft"


def entry(one, *forms, many="", flags=()):
    made = polib.POEntry(msgid=one, msgid_plural=many, flags=list(flags))
    if many:
        made.msgstr_plural = dict(enumerate(forms))
    else:
        made.msgstr = forms[0]
    return made


@pytest.mark.parametrize(
    ("locale", "written", "faults"),
    [
        ("ru", entry("Yes", "Да"), []),
        ("ru", entry("Yes", ""), ["not translated"]),
        ("ru", entry("Yes", "  "), ["not translated"]),
        ("ru", entry("Yes", "Да", flags=["fuzzy"]), ["marked as fuzzy"]),
        ("ru", entry("%(name)s joined", "Пришёл %(name)s"), []),
        ("ru", entry("%(name)s joined", "Пришёл"), ["placeholders differ: %(name)s"]),
        ("ru", entry("%(name)s joined", "Пришёл %(имя)s"), ["placeholders differ: %(name)s, %(имя)s"]),
        ("ru", entry("%(n)d left", "Осталось %(n)s"), ["placeholders differ: %(n)d, %(n)s"]),
        ("ru", entry("{name} joined", "Пришёл {nom}"), ["placeholders differ: {name}, {nom}"]),
        ("ru", entry("%(n)s of 100%%", "%(n)s из 100%"), ["a single % wants doubling"]),
        ("ru", entry("<b>Stop</b>", "<b>Стоп"), ["markup differs"]),
        ("ru", entry("Stop", "<script>"), ["markup differs"]),
        ("ru", entry("\nStop\n", "\nСтоп"), ["line ends differ"]),
        ("ja", entry("%(n)d day", "%(n)d日", many="%(n)d days"), []),
        (
            "ja",
            entry("%(n)d day", "%(n)d日", "x", many="%(n)d days"),
            ["wants 1 plural forms and has 2", "plural form 1: placeholders differ: %(n)d"],
        ),
        ("ja", entry("%(n)d day", "日", many="%(n)d days"), ["plural form 0: placeholders differ: %(n)d"]),
        (
            "fr",
            entry("one day", "un jour", "%(n)d jours", many="%(n)d days"),
            ["plural form 0: placeholders differ: %(n)d"],
        ),
        ("tr", entry("one day", "%(n)d gün", "%(n)d gün", many="%(n)d days"), []),
        (
            "ar",
            entry(
                "%(n)d day", "لا أيام", "يوم واحد", "يومان", "%(n)d أيام", "%(n)d يوما", "%(n)d يوم", many="%(n)d days"
            ),
            [],
        ),
        (
            "ar",
            entry("%(n)d day", "لا أيام", "يوم", "يومان", "أيام", "%(n)d يوما", "%(n)d يوم", many="%(n)d days"),
            ["plural form 3: placeholders differ: %(n)d"],
        ),
    ],
)
def test_what_a_catalogue_may_not_say(locale, written, faults):
    assert [problem.what for problem in problems_of_entry(written, locale)] == faults


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("%(name)s joined", []),
        ("a fee of 1 % for you", []),
        ("%s joined", ["a placeholder has no name"]),
        ("%d of %(all)d", ["a placeholder has no name"]),
        ("{} joined", ["a placeholder has no name"]),
        ("%(agent.name)s joined", ["the name of a placeholder is no identifier"]),
    ],
)
def test_sentences_nobody_could_translate_are_named(text, faults):
    assert faults_of_source(Sentence("", text, None, ("a.py",))) == faults


def test_placeholders_are_counted():
    assert placeholders("%(a)s %(a)s %%(b)s {c} {c!r} {d:>3}") == {"%(a)s": 2, "{c}": 1, "{c!r}": 1, "{d:>3}": 1}


@pytest.fixture
def project(tmp_path, settings):
    """A project of one template and two languages."""
    page = tmp_path / "templates" / "a.html"
    page.parent.mkdir()
    page.write_text(
        "{% load i18n %}{% translate 'Stop' %}"
        "{% blocktranslate count n=n %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}"
    )
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "desk" / "locale"]
    settings.LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("tr", "Türkçe")]
    return tmp_path


def run(*arguments, given=None, monkeypatch=None):
    out = io.StringIO()
    if given is not None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
    call_command("translations", *arguments, stdout=out)
    return out.getvalue()


def test_the_whole_way_from_sources_to_compiled_files(project, monkeypatch):
    folder = project / "desk" / "locale"
    assert run("collect") == "2 sentences in 2 catalogues\n"
    given = json.loads(run("missing", "tr"))
    assert [(e["one"], e["many"], e["forms"]) for e in given] == [
        ("%(n)s day", "%(n)s days", ["", ""]),
        ("Stop", None, [""]),
    ]
    given[0]["forms"], given[1]["forms"] = ["%(n)s gün", "%(n)s gün"], ["Dur"]
    assert run("fill", "tr", "-", given=json.dumps(given), monkeypatch=monkeypatch) == "2 translations taken into tr\n"
    assert run("missing", "tr") == "[]\n"
    run("collect", "--check")
    with pytest.raises(CommandError, match=r"Out of date: .*zh_Hans.*tr"):
        run("compile", "--check")
    run("compile")
    run("compile", "--check")
    sentences = collect(project)
    assert problems_of(folder, "tr", sentences) == []
    assert [p.what for p in problems_of(folder, "zh_Hans", sentences)] == [
        "plural form 0: not translated",
        "not translated",
    ]
    with (folder / "tr" / "LC_MESSAGES" / "django.mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Stop") == "Dur"


def test_a_wrong_translation_refuses_them_all(project, monkeypatch):
    run("collect")
    path = files.po_path(project / "desk" / "locale", "tr")
    before = path.read_bytes()
    given = [
        {"context": "", "one": "Stop", "forms": ["Dur"]},
        {"context": "", "one": "%(n)s day", "forms": ["gün", "gün"]},
        {"one": "Unknown", "forms": ["x"]},
    ]
    with pytest.raises(CommandError, match=r"plural form 1: placeholders differ(.|\n)*no such sentence: 'Unknown'"):
        run("fill", "tr", "-", given=json.dumps(given), monkeypatch=monkeypatch)
    assert path.read_bytes() == before


def test_changed_sources_and_edited_catalogues_are_noticed(project):
    run("collect")
    run("compile")
    folder = project / "desk" / "locale"
    page = project / "templates" / "a.html"
    page.write_text("{% load i18n %}{% translate 'Stop now' %}")
    with pytest.raises(CommandError, match="Out of date"):
        run("collect", "--check")
    assert "out of date; run: manage.py translations collect" in [
        p.what for p in problems_of(folder, "tr", collect(project))
    ]
    run("collect")
    path = files.po_path(folder, "tr")
    path.write_text(path.read_text().replace('msgid "Stop now"\nmsgstr ""', 'msgid "Stop now"\nmsgstr "Hemen dur"'))
    assert [p.what for p in problems_of(folder, "tr", collect(project))] == [
        "stale; run: manage.py translations compile"
    ]


def test_an_untranslatable_sentence_stops_the_collection(project):
    (project / "templates" / "a.html").write_text(
        "{% load i18n %}{% blocktranslate %}{{ agent.name }} answers{% endblocktranslate %}"
    )
    with pytest.raises(CommandError, match="the name of a placeholder is no identifier"):
        run("collect")
    assert not (project / "desk").exists()
