import os

import pytest

from core.hub_seal import HubSeal, UnopenedError

KEY = bytes(range(32))
ROWS = [("thread:1", 7, "message", b'{"type":"message"}'), ("agent:2", 0, "typing", b"{}")]


def test_another_process_with_the_key_reads_what_was_sealed():
    assert HubSeal(KEY).open(b"hub:1", HubSeal(KEY).seal(b"hub:1", ROWS)) == ROWS


def test_nothing_can_be_read_without_the_key():
    sealed = HubSeal(KEY).seal(b"hub:1", ROWS)
    assert b"message" not in sealed
    with pytest.raises(UnopenedError):
        HubSeal(os.urandom(32)).open(b"hub:1", sealed)


def test_moved_changed_cut_or_invented_payloads_do_not_open():
    sealed = HubSeal(KEY).seal(b"hub:1", ROWS)
    reader = HubSeal(KEY)
    with pytest.raises(UnopenedError):
        reader.open(b"hub:2", sealed)
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises(UnopenedError):
            reader.open(b"hub:1", bytes(changed))
    for cut in range(len(sealed)):
        with pytest.raises(UnopenedError):
            reader.open(b"hub:1", sealed[:cut])
    for _ in range(200):
        with pytest.raises(UnopenedError):
            reader.open(b"hub:1", os.urandom(100))
    assert reader.open(b"hub:1", sealed) == ROWS


def test_a_payload_opens_once_and_never_after_a_later_one():
    sender, reader = HubSeal(KEY), HubSeal(KEY)
    first, second, third = (sender.seal(b"hub:1", ROWS) for _ in range(3))
    assert reader.open(b"hub:1", first) == ROWS
    assert reader.open(b"hub:1", third) == ROWS
    for old in (first, second, third):
        with pytest.raises(UnopenedError):
            reader.open(b"hub:1", old)


def test_processes_never_share_a_key_and_nonce():
    sealed = {HubSeal(KEY).seal(b"hub:1", ROWS)[:28] for _ in range(50)}
    assert len(sealed) == 50
    one = HubSeal(KEY)
    assert one.is_own(one.seal(b"hub:1", ROWS))
    assert not one.is_own(HubSeal(KEY).seal(b"hub:1", ROWS))
