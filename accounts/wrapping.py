"""The place that a wrapped data key is bound to. Imports no models, so that the app's configuration can name it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import DataKey


def place_of(data_key: "DataKey") -> bytes:
    """Its own public id, so that rows cannot be swapped."""
    return f"accounts.datakey.wrapped:{data_key.public_id}".encode()
