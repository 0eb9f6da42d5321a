import json
from uuid import UUID, uuid4

import msgspec
import pytest

from core.errors import Conflict, TooMany, TransientError
from core.frames import MAX_FRAME, BadFrameError, FrameDecoder, Got, encode, error_frame, is_too_long


class Say(msgspec.Struct):
    client_id: UUID
    body: str
    attachments: list[str] = []


decode = FrameDecoder({"message.send": Say, "got": Got})


def say(**changes):
    fixed = "6f1c1f6e-6a3b-4f0e-9d0b-2f6f4a0c9b11"  # the same in every process: names of tests are made of it
    return json.dumps({"type": "message.send", "client_id": fixed, "body": "hello", **changes})


def test_a_frame_becomes_the_struct_of_its_type():
    client_id = uuid4()
    frame = decode(say(client_id=str(client_id), body="grüße 🙂", attachments=["a"]))
    assert isinstance(frame, Say)
    assert (frame.client_id, frame.body, frame.attachments) == (client_id, "grüße 🙂", ["a"])
    assert decode('{"seq": 7, "type": "got"}') == decode('{"type": "got", "seq": 7}')


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "7", "{}", '"got"', "{", "\x00", "{'type': 'got'}", "NaN",
        '{"type": "got"}', '{"type": "got", "seq": "1"}', '{"type": "got", "seq": 1.5}', '{"type": "got", "seq": true}',
        '{"type": "got", "seq": -1}', '{"type": "got", "seq": 2147483648}', '{"type": "got", "seq": 1e400}',
        '{"type": "got", "seq": 1, "extra": 1}', '{"type": ["got"], "seq": 1}', '{"seq": 1}',
        '{"type": "GOT", "seq": 1}', '{"type": "got ", "seq": 1}', '{"type": null, "seq": 1}',
        say(body=1), say(body=None), say(client_id="1"), say(attachments=[1]), say(attachments="a"),
        say(body="\x00"), say(body="a\x00b"), say(attachments=["ok", "\x00"]),
        '{"type": "got", "seq": ' + "[" * 60_000 + "]" * 60_000 + "}",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with pytest.raises(BadFrameError):
        decode(text)


@pytest.mark.parametrize(
    "body", [r"\ud800", r"\udc00", r"\ud800x", r"\ud800\u0041", r"a\udfff", r"\udc00\ud800", "\ud800"]
)
def test_lone_surrogates_are_refused(body):
    with pytest.raises(BadFrameError):
        decode(say(body="?").replace("?", body))


def test_a_written_out_escape_is_only_text():
    assert decode(say(body="\\u0000")).body == "\\u0000"
    assert decode(say(body="?").replace("?", r"\ud83d\ude42")).body == "🙂"


@pytest.mark.parametrize(
    "name",
    ["__class__", "__init__", "serve", "close", "on_got", "_dispatch", "message", "message_send", "mro", "connect",
     "websocket.receive", "constructor", "__proto__", "%", "*", "got\n", "../got", "🙂"],
)  # fmt: skip
def test_unknown_types_are_refused(name):
    with pytest.raises(BadFrameError):
        decode(json.dumps({"type": name, "seq": 1}))


def test_length_is_counted_in_bytes():
    assert not is_too_long("a" * MAX_FRAME)
    assert is_too_long("a" * (MAX_FRAME + 1))
    assert not is_too_long("字" * (MAX_FRAME // 3))
    assert is_too_long("字" * (MAX_FRAME // 3 + 1))


def test_errors_carry_code_sentence_and_the_id_they_answer():
    client_id = uuid4()
    assert json.loads(encode(error_frame(Conflict("conflict", "Used."), language="en", client_id=client_id))) == {
        "type": "error", "code": "conflict", "message": "Used.", "client_id": str(client_id),
    }  # fmt: skip
    assert json.loads(encode(error_frame(TooMany("busy", "Wait.", retry_after=3), language="en"))) == {
        "type": "error", "code": "busy", "message": "Wait.", "retry_after": 3,
    }  # fmt: skip
    assert error_frame(TransientError("database"), language="en").code == "unavailable"


def test_what_nobody_expected_is_not_told():
    frame = error_frame(KeyError("secret words"), language="en")
    assert frame.code == "internal"
    assert "secret" not in encode(frame)
