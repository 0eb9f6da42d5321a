"""What agents may post, decoded once: a form that does not fit is refused before anything is asked of the tickets."""

from __future__ import annotations

from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.choices import Presence
from core.errors import Refused
from core.text import BODY_LIMIT
from tickets.choices import MessageKind, TicketStatus

F = TypeVar("F", bound=forms.Form)

#: A body may grow a little when line ends are sent as two characters; the action counts exactly.
MAX_SENT = 2 * BODY_LIMIT


class MessageForm(forms.Form):
    """An answer or a note. `seen_seq` is the number of the last entry the agent had on screen."""

    client_id = forms.UUIDField()
    body = forms.CharField(max_length=MAX_SENT, strip=False, required=False)
    kind = forms.ChoiceField(choices=[(MessageKind.AGENT, ""), (MessageKind.NOTE, "")])
    seen_seq = forms.IntegerField(min_value=0)
    force = forms.BooleanField(required=False)


class AssignForm(forms.Form):
    """Who shall have the ticket; empty means the person who asks."""

    assignee = forms.IntegerField(min_value=1, required=False)


class StatusForm(forms.Form):
    """Where the ticket shall go. `seen_seq` is the number of the last entry the agent had on screen."""

    seen_seq = forms.IntegerField(min_value=0, required=False)
    status = forms.ChoiceField(choices=[(value, "") for value in TicketStatus.values if value != TicketStatus.BOT])


class PresenceForm(forms.Form):
    """Whether the agent is here."""

    presence = forms.ChoiceField(choices=Presence.choices)


class EditForm(forms.Form):
    """The corrected text of an answer or note."""

    body = forms.CharField(max_length=MAX_SENT, strip=False, required=False)


class RedactForm(forms.Form):
    """Why the words of an entry are removed."""

    reason = forms.CharField(max_length=MAX_SENT, strip=False, required=False)


class ReadForm(forms.Form):
    """How far the agent has read, by public number."""

    public_seq = forms.IntegerField(min_value=0)


def decoded(form: type[F], request: HttpRequest) -> dict[str, Any]:
    """The values of a posted form. Raises: Refused `bad_form` that names the fields which do not fit."""
    bound = form(request.POST)
    if not bound.is_valid():
        raise Refused(
            "bad_form", _("The form is not complete. Reload the page and try again."), fields=sorted(bound.errors)
        )
    return dict(bound.cleaned_data)
