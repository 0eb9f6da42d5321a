"""The keys that customers' words are sealed under."""

from accounts.models import Customer, DataKey
from accounts.wrapping import place_of
from core.crypto.data_keys import OpenKey, new_data_key, unwrap, wrap


def opened_key(data_key: DataKey) -> OpenKey:
    """A customer's data key, ready for use. Raises: WrongKey. Cost: no query."""
    return unwrap(bytes(data_key.wrapped), place_of(data_key))


def sealed_new_key(customer: Customer) -> DataKey:
    """A fresh key for a customer, wrapped and not yet stored."""
    data_key = DataKey(customer=customer)
    data_key.wrapped = wrap(new_data_key(), place_of(data_key))
    return data_key
