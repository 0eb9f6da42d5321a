"""`manage.py translations`: collect what people read, hand out what is untranslated, take it back, compile."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import to_locale

from core.catalogues import files
from core.catalogues.exchange import filled, untranslated
from core.catalogues.problems import faults_of_source
from core.catalogues.sources import Sentence, collect

SOURCE_LANGUAGE = "en"


def target_locales() -> list[str]:
    """The locales the desk is translated into: every language of the settings but the sources' own."""
    return [to_locale(code) for code, _name in settings.LANGUAGES if code != SOURCE_LANGUAGE]


def locale_folder() -> Path:
    """Where the catalogues live: the first of LOCALE_PATHS."""
    if not settings.LOCALE_PATHS:
        raise CommandError("LOCALE_PATHS is empty: name the folder of the catalogues there.")
    return Path(settings.LOCALE_PATHS[0])


class Command(BaseCommand):
    """Keeps the catalogues of all languages without any external program."""

    help = "Collect sentences, list the untranslated ones, take translations in, compile."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One word says what to do; `missing` and `fill` want a locale as well."""
        actions = parser.add_subparsers(dest="action", required=True)
        collecting = actions.add_parser("collect", help="bring every catalogue up to date with the sources")
        collecting.add_argument("--check", action="store_true", help="write nothing; fail if something would change")
        compiling = actions.add_parser("compile", help="write the .mo files")
        compiling.add_argument("--check", action="store_true", help="write nothing; fail if something would change")
        missing = actions.add_parser("missing", help="print the untranslated sentences of a locale as JSON")
        missing.add_argument("locale")
        fill = actions.add_parser("fill", help="take translations in, in the shape that `missing` prints")
        fill.add_argument("locale")
        fill.add_argument("file", help="a JSON file, or - for standard input")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do the one thing asked for."""
        match options["action"]:
            case "collect":
                self.collect(is_check=options["check"])
            case "compile":
                self.compile(is_check=options["check"])
            case "missing":
                catalogue = files.read(files.po_path(locale_folder(), options["locale"]))
                self.stdout.write(json.dumps(untranslated(catalogue), ensure_ascii=False, indent=1))
            case "fill":
                self.fill(options["locale"], options["file"])

    def collect(self, *, is_check: bool) -> None:
        """Merge the sentences of the sources into every catalogue."""
        sentences = collect(Path(settings.BASE_DIR))
        self.refuse_faults(sentences)
        wanted = {}
        for locale in target_locales():
            path = files.po_path(locale_folder(), locale)
            wanted[path] = files.text_of(files.merged(files.read(path), sentences, locale)).encode()
        self.write(wanted, is_check=is_check)
        self.stdout.write(f"{len(sentences)} sentences in {len(wanted)} catalogues")

    def refuse_faults(self, sentences: list[Sentence]) -> None:
        """Stop at sentences that nobody could translate."""
        faults = [f"{', '.join(s.places)}: {fault}: {s.one!r}" for s in sentences for fault in faults_of_source(s)]
        if faults:
            raise CommandError("\n".join(faults))

    def compile(self, *, is_check: bool) -> None:
        """Write each catalogue as the program reads it."""
        wanted = {}
        for locale in target_locales():
            path = files.po_path(locale_folder(), locale)
            if not path.exists():
                raise CommandError(f"No catalogue for {locale}; run: manage.py translations collect")
            wanted[path.with_suffix(".mo")] = files.binary_of(files.read(path))
        self.write(wanted, is_check=is_check)
        self.stdout.write(f"{len(wanted)} catalogues compiled")

    def write(self, wanted: dict[Path, bytes], *, is_check: bool) -> None:
        """Write the files that differ, or with `is_check` fail and name them."""
        if is_check:
            stale = [str(path) for path, content in wanted.items() if not path.exists() or path.read_bytes() != content]
            if stale:
                raise CommandError("Out of date: " + ", ".join(stale))
            return
        for path, content in wanted.items():
            files.write_if_changed(path, content)

    def fill(self, locale: str, name: str) -> None:
        """Take translations in; one wrong entry refuses them all."""
        path = files.po_path(locale_folder(), locale)
        catalogue = files.read(path)
        entries = json.loads(sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8"))
        problems = filled(catalogue, entries, locale)
        if problems:
            raise CommandError("\n".join(map(str, problems)))
        files.write_if_changed(path, files.text_of(catalogue).encode())
        self.stdout.write(f"{len(entries)} translations taken into {locale}")
