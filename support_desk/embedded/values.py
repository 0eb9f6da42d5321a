"""Secret values of one desk: made once, kept in DATA_DIR/secrets.json, readable by its owner only."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from support_desk.embedded.problems import CannotStart

FILE_NAME = "secrets.json"


@dataclass(frozen=True, slots=True)
class SecretValues:
    """Keys and passwords. Losing the file loses every message: they are sealed under FIELD_KEYS."""

    secret_key: str
    field_keys: str
    audit_key: str
    superuser_password: str
    owner_password: str
    app_password: str

    def __repr__(self) -> str:
        return "SecretValues(...)"

    def environment(self) -> dict[str, str]:
        """The part that settings read."""
        return {"SECRET_KEY": self.secret_key, "FIELD_KEYS": self.field_keys, "AUDIT_KEY": self.audit_key}


def new_values() -> SecretValues:
    """Fresh random values."""
    return SecretValues(
        secret_key=secrets.token_urlsafe(64),
        field_keys=base64.b64encode(secrets.token_bytes(32)).decode(),
        audit_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        superuser_password=secrets.token_urlsafe(32),
        owner_password=secrets.token_urlsafe(32),
        app_password=secrets.token_urlsafe(32),
    )


def load(data_dir: Path) -> SecretValues | None:
    """The desk's values, or None before its first start. Raises: CannotStart for a file that does not read."""
    path = data_dir / FILE_NAME
    try:
        return SecretValues(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as problem:
        raise CannotStart(
            f"{path} cannot be read ({problem}). Restore it: without it the messages stay sealed."
        ) from None


def load_or_make(data_dir: Path) -> SecretValues:
    """The desk's values, made on its first start. Repeat: the same values."""
    known = load(data_dir)
    if known:
        return known
    values = new_values()
    waiting = data_dir / f"{FILE_NAME}.new"
    waiting.unlink(missing_ok=True)
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(values), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    waiting.rename(data_dir / FILE_NAME)
    return values
