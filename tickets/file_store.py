"""Files on disk: random names, two levels, for the server's eyes only. Holds sealed bytes and nothing else."""

import os
import re
import secrets
from pathlib import Path
from typing import Final

from django.conf import settings

NAME: Final = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}")


def new_path() -> str:
    """A place nobody can guess: 256 random bits, no part of them from the person who uploads."""
    digits = secrets.token_hex(32)
    return f"{digits[:2]}/{digits[2:]}"


def write_file(path: str, content: bytes) -> None:
    """Put bytes at a place, durably: whoever sees the name sees the whole content, also after a power cut.

    Raises: OSError (a full disk); nothing is left at the place then.
    """
    target = _place_of(path)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = _part_of(target)
    try:
        _write_part(part, content)
        part.replace(target)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def read_file(path: str) -> bytes:
    """The bytes at a place. Raises: FileNotFoundError."""
    return _place_of(path).read_bytes()


def remove_file(path: str) -> None:
    """Remove what is at a place, half-written parts too. Repeat: harmless."""
    target = _place_of(path)
    target.unlink(missing_ok=True)
    _part_of(target).unlink(missing_ok=True)


def _place_of(path: str) -> Path:
    if not NAME.fullmatch(path):
        raise ValueError("not a place of this store")
    return Path(settings.MEDIA_ROOT) / path


def _part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _write_part(part: Path, content: bytes) -> None:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
