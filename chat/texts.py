"""Every sentence that the customer's scripts show, in one place. Scripts fill in `{named}` places and choose plural forms."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext, override
from django.utils.translation import gettext as _

from core.locales import LANGUAGES

#: A number of each plural category (CLDR) of the languages that have more than one and other.
SAMPLES: Final[Mapping[str, Mapping[str, int]]] = {
    "ar": {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100},
    "ru": {"one": 1, "few": 2, "many": 5, "other": 5},
}
ONE_OR_OTHER: Final = {"one": 1, "other": 2}

THREAD: Final[Mapping[str, Promise]] = {
    "you": gettext_lazy("You"),
    "role_agent": gettext_lazy("agent"),
    "role_bot": gettext_lazy("Assistant"),
    "role_system": gettext_lazy("Support"),
    "role_customer": gettext_lazy("Customer"),
    "removed_seed_phrase": gettext_lazy("seed phrase removed"),
    "removed_private_key": gettext_lazy("private key removed"),
    "removed_card_number": gettext_lazy("card number removed"),
    "removed_other": gettext_lazy("secret removed"),
    "message_removed": gettext_lazy("This message was removed."),
    "message_changed": gettext_lazy("changed"),
    "file_scanning": gettext_lazy("being checked"),
    "file_refused": gettext_lazy("refused"),
    "file_open": gettext_lazy("Open {name}"),
    "today": gettext_lazy("Today"),
    "typing": gettext_lazy("{name} is typing"),
    "someone_typing": gettext_lazy("Someone is typing"),
    "earlier_failed": gettext_lazy("Earlier messages could not be loaded. Try again."),
}

STATES: Final[Mapping[str, Promise]] = {
    "sending": gettext_lazy("Sending"),
    "delivered": gettext_lazy("Delivered"),
    "read": gettext_lazy("Read"),
    "stored_without": gettext_lazy("stored without the secret"),
    "not_sent": gettext_lazy("Not sent. Kept on this device."),
    "try_again": gettext_lazy("Try again"),
    "discard": gettext_lazy("Discard"),
    "connecting": gettext_lazy("Connecting"),
    "reconnecting": gettext_lazy("Reconnecting, nothing is lost"),
    "refused": gettext_lazy("The chat cannot be opened from this page."),
    "line_ready": gettext_lazy("Write at any time"),
    "line_bot": gettext_lazy("Your message is with us"),
    "line_queued": gettext_lazy("Waiting for a person"),
    "line_solved": gettext_lazy("Solved. Write again if it is not."),
    "line_closed": gettext_lazy("This chat has ended"),
    "agent_of": gettext_lazy("{site} agent"),
    "write": gettext_lazy("Write a message"),
    "write_to": gettext_lazy("Write to {name}"),
}

EVENTS: Final[Mapping[str, Promise]] = {
    "event_handed_over": gettext_lazy("You asked for a person"),
    "event_asked_again": gettext_lazy("You asked for a person again. Your place is kept."),
    "event_reopened": gettext_lazy("Opened again, waiting for a person"),
    "event_requeued": gettext_lazy("Waiting for another person. Your place is kept."),
    "event_queued": gettext_lazy("Waiting for a person"),
    "event_assigned": gettext_lazy("{name} joined"),
    "event_joined": gettext_lazy("A person joined"),
    "event_solved": gettext_lazy("Marked as solved. Write again if it is not."),
    "event_closed": gettext_lazy("This chat has ended. A new message begins a new one."),
}

QUEUE: Final[Mapping[str, Promise]] = {
    "talk_waiting": gettext_lazy("Waiting for a person"),
    "talk_with": gettext_lazy("You are talking to a person"),
    "verified": gettext_lazy("Verified by exchange"),
    "anonymous": gettext_lazy("Not signed in"),
}

SAFETY: Final[Mapping[str, Promise]] = {
    "safety_seed_phrase": gettext_lazy("We removed a seed phrase"),
    "safety_private_key": gettext_lazy("We removed a private key"),
    "safety_card_number": gettext_lazy("We removed a card number"),
    "safety_other": gettext_lazy("We removed a secret"),
    "safety_wallet": gettext_lazy(
        "We kept no copy, not even in logs. If anyone else has seen it, that wallet is no longer safe: create a new wallet on a "
        "device you trust and move what is left to it yourself. We never send you an address for this."
    ),
    "safety_card": gettext_lazy(
        "We kept no copy, not even in logs. If anyone else has seen the number, ask your bank to block the card."
    ),
    "safety_any": gettext_lazy("We kept no copy, not even in logs. If anyone else has seen it, change it now."),
}

FILES: Final[Mapping[str, Promise]] = {
    "file_failed": gettext_lazy("{name} was not sent. Try it again."),
    "file_type": gettext_lazy("{name}: files of this kind are not accepted."),
    "file_remove": gettext_lazy("Remove {name}"),
    "file_cancel": gettext_lazy("Cancel sending {name}"),
    "file_progress": gettext_lazy("{name}: {percent} % sent"),
    "file_gone": gettext_lazy("The file could not be opened. Try again."),
}


def widget_texts() -> dict[str, str | dict[str, str]]:
    """The sentences of the widget in the active language; those with a count as a table from plural category to sentence."""
    plain: dict[str, str | dict[str, str]] = {
        key: str(sentence)
        for table in (THREAD, STATES, EVENTS, QUEUE, SAFETY, FILES)
        for key, sentence in table.items()
    }
    return plain | {
        "people_before": plural(lambda n: ngettext("{n} person before you", "{n} people before you", n)),
        "wait": plural(lambda n: ngettext("{n} minute", "{n} minutes", n)),
        "wait_range": plural(lambda n: ngettext("{low}–{n} minute", "{low}–{n} minutes", n)),
        "new_messages": plural(lambda n: ngettext("{n} new message", "{n} new messages", n)),
        "too_long": plural(lambda n: ngettext("{n} character too many", "{n} characters too many", n)),
        "too_many_files": plural(
            lambda n: ngettext("At most {n} file in one message", "At most {n} files in one message", n)
        ),
    }


def plural(sentence: Callable[[int], str]) -> dict[str, str]:
    """A counted sentence in every plural category of the active language."""
    language = (get_language() or "en").split("-")[0]
    return {category: sentence(n) for category, n in SAMPLES.get(language, ONE_OR_OTHER).items()}


@cache
def launcher_words() -> bytes:
    """What the button on the host page says, in all languages, as the JSON that the loader carries."""
    words = {}
    for code, _name in LANGUAGES:
        with override(code):
            words[code] = [_("Help"), _("Close help"), _("Help, unread messages: {n}"), _("Support chat")]
    return json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode()
