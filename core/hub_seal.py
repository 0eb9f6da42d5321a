"""Sealing of what travels through Redis, so that whoever can write there can neither read nor invent frames."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SENDER = 16
_NONCE = 12
#: Senders remembered; more than any desk has processes.
_SENDERS = 1024

Row = tuple[str, int, str, bytes]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Row]).decode


class UnopenedError(Exception):
    """A payload that nobody with the hub key made for this channel, or that came before."""


@dataclass(slots=True)
class _Sender:
    cipher: AESGCM
    last: int = field(default=0)


class HubSeal:
    """AES-GCM under a key of each process: HKDF of the hub key with the sender's random id as salt.

    The nonce is the sender's counter, so it never repeats under a key, and an opened payload with a counter not above
    the last one is a replay. The channel is authenticated too: a payload moved elsewhere does not open.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.sender = os.urandom(_SENDER)
        self._cipher = self._derive(self.sender)
        self._counter = count(1)
        self._senders: OrderedDict[bytes, _Sender] = OrderedDict()

    def seal(self, channel: bytes, rows: Sequence[Row]) -> bytes:
        """Bytes that only holders of the hub key can open, and only on this channel."""
        nonce = next(self._counter).to_bytes(_NONCE, "big")
        return self.sender + nonce + self._cipher.encrypt(nonce, _encode(rows), channel)

    def is_own(self, payload: bytes) -> bool:
        """Whether this process sealed it; Redis returns our own publications too."""
        return payload.startswith(self.sender)

    def open(self, channel: bytes, payload: bytes) -> list[Row]:
        """The rows of another process. Raises: UnopenedError for anything foreign, changed, moved or repeated."""
        name, nonce, sealed = payload[:_SENDER], payload[_SENDER : _SENDER + _NONCE], payload[_SENDER + _NONCE :]
        if len(nonce) != _NONCE:
            raise UnopenedError
        sender = self._senders.get(name) or _Sender(self._derive(name))
        number = int.from_bytes(nonce, "big")
        if number <= sender.last:
            raise UnopenedError
        try:
            rows = _decode(sender.cipher.decrypt(nonce, sealed, channel))
        except (InvalidTag, msgspec.DecodeError) as error:
            raise UnopenedError from error
        sender.last = number
        self._remember(name, sender)
        return rows

    def _remember(self, name: bytes, sender: _Sender) -> None:
        self._senders[name] = sender
        self._senders.move_to_end(name)
        if len(self._senders) > _SENDERS:
            self._senders.popitem(last=False)

    def _derive(self, sender: bytes) -> AESGCM:
        return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=sender, info=b"hub").derive(self._key))
