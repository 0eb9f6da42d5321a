"""Every sentence that scripts of the console say, and the words of activity lines, in one table for page and script."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets.entries import Entry

#: What happened to a ticket. Places: {name} who did it, {agent_name} who has it now.
ACTIVITY: Final[dict[str, Promise]] = {
    "opened": _("The chat began"),
    "handed_over": _("Handed over to people"),
    "asked_again": _("The customer asked for a person again"),
    "assigned": _("{agent_name} has the ticket"),
    "requeued": _("Put back into the queue by {name}"),
    "returned": _("Back in the queue: its agent is not here"),
    "reopened": _("The customer wrote again; the ticket is open"),
    "waiting": _("{name} waits for the customer"),
    "solved": _("Solved by {name}"),
    "closed": _("Closed by {name}"),
    "changed": _("An earlier message was changed"),
}
#: An activity that this version has no sentence for, for example of a newer process during a rolling deploy.
UNKNOWN_ACTIVITY: Final = _("Something else happened to the ticket")

ICONS: Final[dict[str, str]] = {
    "handed_over": "hand",
    "asked_again": "hand",
    "assigned": "user-check",
    "waiting": "hourglass",
    "solved": "circle-check",
    "closed": "archive",
    "requeued": "rotate-ccw",
    "returned": "rotate-ccw",
    "reopened": "rotate-ccw",
}

ROLES: Final[dict[str, Promise]] = {
    "customer": _("Customer"),
    "agent": _("Agent"),
    "bot": _("Assistant"),
    "system": _("System"),
}

ASSURANCE: Final[dict[str, Promise]] = {
    "anonymous": _("Not signed in"),
    "jwt": _("Verified by exchange"),
    "jwt+stepup": _("Verified by exchange, checked again"),
    "mail-aligned": _("Mail from a confirmed address"),
    "mail-unverified": _("Mail, sender not verified"),
}
VERIFIED: Final = frozenset({"jwt", "jwt+stepup"})

NOTE_PRIVATE: Final = _("Note: only agents see this")

SCRIPT: Final[dict[str, Promise]] = {
    "you": _("You"),
    "note_private": NOTE_PRIVATE,
    "removed_seed_phrase": _("seed phrase removed"),
    "removed_private_key": _("private key removed"),
    "removed_card_number": _("card number removed"),
    "removed_other": _("secret removed"),
    "message_removed": _("This message was removed."),
    "message_changed": pgettext_lazy("message", "changed"),
    "file_scanning": _("is being checked"),
    "file_refused": _("was refused"),
    "sending": _("Sending"),
    "not_sent": _("Not sent. Kept on this device."),
    "try_again": _("Try again"),
    "stored": pgettext_lazy("message", "Sent"),
    "read": _("Read"),
    "typing": _("{name} is typing"),
    "customer_typing": _("The customer is typing"),
    "viewing": _("{name} is viewing"),
    "new_message": _("New message from {name}"),
    "new_message_unnamed": _("New message from the customer"),
    "arrived": _("Just arrived"),
    "new_below": _("New messages below"),
    "ring_title": _("New chat for you"),
    "ring_announce": _("A new chat was assigned to you: {name}"),
    "ring_notice": _("A customer waits for your answer."),
    "title_ring": _("({n}) New chat"),
    "on": pgettext_lazy("setting", "on"),
    "off": pgettext_lazy("setting", "off"),
    "sound_on": _("Sound is on"),
    "sound_off": _("Sound is off"),
    "sound_blocked": _("The browser keeps sounds off until you click in this page."),
    "notices_on": _("Desktop notices are on"),
    "notices_denied": _("Desktop notices are blocked in the browser's settings."),
    "signed_out": _("You are signed out. Sign in again; what you wrote is kept on this device."),
    "offline": _("The desk cannot be reached. Nothing is lost; sending is tried again when you press Send."),
    "draft_kept": _("Draft kept on this device"),
    "change_corrected": _("Your text is corrected"),
    "change_removed": _("The text is removed"),
    "change_failed": _("The desk cannot be reached. Try again in a moment."),
    "change_signed_out": _("You are signed out. Copy your text, then reload the page and sign in."),
    "span_hours": pgettext_lazy("span of time", "{n} h"),
    "span_days": pgettext_lazy("span of time", "{n} d"),
}


def script_texts() -> dict[str, str]:
    """All sentences for scripts, in the active language."""
    texts = {key: str(text) for key, text in SCRIPT.items()}
    texts |= {f"activity_{key}": str(text) for key, text in ACTIVITY.items()}
    texts |= {f"role_{key}": str(text) for key, text in ROLES.items()}
    texts |= {f"assurance_{key}": str(text) for key, text in ASSURANCE.items()}
    return texts | {"activity_unknown": str(UNKNOWN_ACTIVITY)}


def activity_sentence(entry: Entry) -> str:
    """An activity line in words, in the active language."""
    sentence = str(ACTIVITY.get(entry.activity, UNKNOWN_ACTIVITY))
    name = entry.author_name or str(ROLES[entry.author_kind])
    for place, value in {"name": name, "agent_name": str(entry.data.get("agent_name", ""))}.items():
        sentence = sentence.replace("{" + place + "}", value)
    return sentence
