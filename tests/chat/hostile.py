"""Frames that no client of ours would send: broken, foreign, oversized, disguised. All generated, all different."""

import itertools
import json
import random
from uuid import uuid4

SENDABLE = {
    "message.send": {"client_id": "", "body": "x"},
    "typing": {"on": True},
    "read": {"seq": 1},
    "human": {"client_id": ""},
    "choose": {"client_id": "", "seq": 1, "option": "a"},
    "emergency": {"client_id": "", "kind": "stolen"},
    "rate": {"client_id": "", "score": 5},
    "feedback": {"client_id": "", "seq": 1, "helpful": True},
    "end": {},
    "ping": {},
    "got": {"seq": 1},
    "resume": {"after": 0},
}
WRONG_VALUES = [
    None,
    [],
    {},
    [[]],
    {"a": 1},
    -1,
    1.5,
    2**31,
    2**63,
    10**400,
    True,
    "",
    "x",
    "\u0000",
    "null",
    "9" * 5000,
]
TYPES = [
    "", " ", "hello ", "HELLO", "Message.send", "message_send", "message.send\u0000", "on_close", "__init__", "__class__",
    "close", "send", "deliver", "later", "serve", "as_asgi", "read_after", "websocket.send", "websocket.close", "revoked",
    "opened", "entry", "welcome", "ack", "error", "message", "status", "changed", "more", "pong", "reload", "restart",
    "watch", "unwatch", "accept", "assign", "note", "%", "*", "_", "../hello", "message.send,typing", "消息", "\u202ehello",
]  # fmt: skip
RAW = [
    "", " ", "\n", "{", "}", "[", "]", "{}", "[]", "null", "true", "0", '""', "{}{}", "[{}]", "PING", "\x00", "\x7f", "<xml/>",
    '{"type"}', '{"type":}', "{'type':'ping'}", '{"type":"ping"', '{"type":"ping",}', '{"type":"ping"}x', '{"type":ping}',
    '{"type":NaN}', '{"type":1}', '{"type":null}', '{"type":["ping"]}', '{"type":{"a":"ping"}}', '{"Type":"ping"}',
    '{"type ":"ping"}', '\ufeff{"type":"ping"}', '{"type":"\\ud800"}', "GET / HTTP/1.1\r\n\r\n", "__proto__",
    '{"type":"message.send","client_id":"\\udc00","body":"x"}', '{"type":"read","seq":1e400}', '{"type":"read","seq":-0.5}',
    '{"type":"read","seq":Infinity}', '{"type":"read","seq":0x1}', '{"type":"read","seq":٣}', '{"constructor":1}',
    '{"__proto__":{"type":"ping"}}', '{"type":"read","seq":1,"__proto__":{}}', "[" * 5000, '{"a":' * 5000, '"' * 999,
    "\\u0000" * 50, "1" * 60_000, json.dumps({"type": "x" * 60_000}),
]  # fmt: skip


def frames() -> list[str]:
    """Every hostile frame once."""
    return list(dict.fromkeys(itertools.chain(RAW, _unknown_types(), _wrong_fields(), _bodies(), _damaged())))


def _unknown_types():
    for kind in TYPES:
        yield json.dumps({"type": kind})
        yield json.dumps({"type": kind, "client_id": str(uuid4()), "body": "x"})


def _wrong_fields():
    for kind, fields in SENDABLE.items():
        whole = _whole(kind, fields)
        yield json.dumps(whole | {"more": 1})
        yield json.dumps(whole | {"ticket": str(uuid4())})
        for name in fields:
            yield json.dumps({key: value for key, value in whole.items() if key != name})
            for wrong in WRONG_VALUES:
                if type(wrong) is not type(whole[name]) and not (wrong == 0 and name == "seq"):
                    yield json.dumps(whole | {name: wrong})


def _bodies():
    whole = _whole("message.send", SENDABLE["message.send"])
    for body in ("a\u0000b", "\u0000"):
        yield json.dumps(whole | {"body": body})
    for files in ("x", ["x"], [1], {}, [str(uuid4())] * 51, [[str(uuid4())]]):
        yield json.dumps(whole | {"attachments": files})


def _damaged():
    """Good frames with one byte changed so that they are none any more."""
    rng = random.Random(20)
    good = [json.dumps(_whole(kind, fields)) for kind, fields in SENDABLE.items()]
    for _ in range(80):
        text = rng.choice(good)
        at = rng.randrange(len(text))
        changed = text[:at] + rng.choice('{}[]"\\\x01') + text[at + 1 :]
        if not _is_json(changed):
            yield changed


def _whole(kind, fields):
    return {"type": kind} | {name: str(uuid4()) if name == "client_id" else value for name, value in fields.items()}


def _is_json(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
