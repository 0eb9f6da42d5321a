"""A text column that the database stores sealed."""

from typing import TYPE_CHECKING, Any, NoReturn

from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from core.crypto.keys import field_keys

if TYPE_CHECKING:
    TextField = models.Field[str, str]
else:
    TextField = models.Field  # Django's own class takes no type parameters


class SealedTextField(TextField):
    """Text sealed under the operator's keys: ``bytea`` in the database, ``str`` in Python.

    The place (app, model, field) is authenticated, so a value moved to another column does not open. Reading with the
    wrong key raises WrongKey and never yields the ciphertext. Only ``isnull`` can be asked of it, for equal texts are
    never equal when sealed.
    """

    description = "Text, sealed"
    empty_strings_allowed = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """Migrations name ``editable`` only where it differs from this field's default."""
        name, path, args, kwargs = super().deconstruct()
        if kwargs.pop("editable", True):
            kwargs["editable"] = True
        return name or "", path, list(args), dict(kwargs)

    def get_internal_type(self) -> str:
        """The column is ``bytea``."""
        return "BinaryField"

    @property
    def aad(self) -> bytes:
        """The place that values of this column are sealed for."""
        return f"{self.model._meta.label_lower}.{self.name}".encode()  # noqa: SLF001 documented API

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:  # noqa: ARG002
        """Seal on the way in. Raises: TypeError for anything but text."""
        if value is None:
            return None
        if not isinstance(value, str):
            raise TypeError(f"{self} takes text")
        return field_keys().seal(value.encode(), self.aad)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> str | None:  # noqa: ARG002
        """Open on the way out. Raises: WrongKey."""
        return None if value is None else field_keys().open(bytes(value), self.aad).decode()

    def to_python(self, value: Any) -> Any:
        """Form input is text already."""
        return value if value is None else str(value)

    def get_lookup(self, lookup_name: str) -> Any:
        """Only ``isnull``. Raises: FieldError for a comparison, which could never find anything."""
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self} is sealed and cannot be searched")

    def value_to_string(self, obj: models.Model) -> NoReturn:  # noqa: ARG002
        """Dumps would carry the plain text. Raises: TypeError."""
        raise TypeError(f"{self} is sealed and is not dumped")
