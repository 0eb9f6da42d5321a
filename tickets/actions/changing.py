"""Changing what was said: nothing is changed in place without a row in the thread that says so."""

from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import check_can
from core.audit.actions import Actor, append
from core.errors import NotAllowed, NotFound, Refused
from core.publishing import publish_on_commit
from core.secrets import scrub
from core.text import clean_body
from tickets.actions.attachments import forget_files
from tickets.actions.thread import Author, Words, append_change, posted_of, save_moved
from tickets.choices import AuthorKind, MessageKind
from tickets.models import Message, MessageRevision, Ticket
from tickets.posted import Posted
from tickets.rendering import hub_frames
from tickets.sealing import TicketSeal


@transaction.atomic
def edit_message(*, user: User, ticket: UUID, seq: int, body: str) -> Posted:
    """Correct one's own answer or note. The earlier text is kept sealed for the record; both sides see that it changed.

    Repeat: the text it has already adds nothing. Raises: NotFound; NotAllowed for a colleague's or customer's words;
    Refused for a removed entry or text that cannot be stored. Locks: the ticket.
    """
    locked, message = _locked(user, ticket, seq)
    if (message.author_kind, message.author_id) != (AuthorKind.AGENT, user.pk):
        raise NotAllowed("not_your_words", _("Only the person who wrote it can correct it."))
    seal, clean = TicketSeal.of(locked), scrub(clean_body(body))
    before = seal.open_body(message)
    if before == clean.text:
        return posted_of(message, repeat=True)
    if not before and message.revision:
        raise Refused("message_removed", _("This message was removed."))
    MessageRevision.objects.create(message=message, revision=message.revision, body=message.body)
    message.body = seal.seal_body(clean.text, message.author_kind, message.author_id, message.client_id)
    message.scrubbed = list(clean.kinds)
    if message.seq == _newest_words(locked):
        locked.preview = seal.seal_preview(clean.text)
    return _changed(locked, message, Author.agent(user), Words(clean.text, clean.kinds, message.language))


@transaction.atomic
def redact_message(*, user: User, ticket: UUID, seq: int, reason: str) -> Posted:
    """Remove an entry's words for good, with its files, its earlier texts and every copy in later rows; the number stays.

    Repeat: a removed entry stays as it is. Raises: NotFound; NotAllowed without `ticket.redact`; Refused for a line that
    is no message, or without a reason. Records: message_redacted in the audit. Locks: the ticket, then the audit.
    """
    locked, message = _locked(user, ticket, seq)
    check_can(user, "ticket.redact", site=locked.site_id, team=locked.team_id)
    reason = clean_body(reason, 300)
    if not message.body and message.revision:
        return posted_of(message, repeat=True)
    MessageRevision.objects.filter(message=message).delete()
    locked.messages.filter(activity="changed", data__of=message.seq).update(body=b"", digest=b"")
    forget_files(message)
    message.body, message.digest, message.scrubbed = b"", b"", []
    if message.seq == _newest_words(locked):
        locked.preview = b""
    posted = _changed(locked, message, Author.agent(user), Words())
    actor = Actor("user", str(user.pk))
    place = f"{locked.public_id}/{message.seq}"
    append(actor=actor, action="message_redacted", object_kind="message", object_id=place, reason=scrub(reason).text)
    return posted


def _changed(ticket: Ticket, message: Message, author: Author, words: Words) -> Posted:
    message.revision += 1
    message.save(update_fields=["body", "digest", "scrubbed", "revision"])
    latest = append_change(ticket, message, author, uuid4(), words)
    save_moved(ticket, latest)
    publish_on_commit(hub_frames(latest.entry()))
    return latest.posted()


def _locked(user: User, public_id: UUID, seq: int) -> tuple[Ticket, Message]:
    ticket = Ticket.objects.visible_to(user).locked().find(public_id)
    message = ticket.messages.exclude(kind=MessageKind.ACTIVITY).filter(seq=seq).select_related("ticket").first()
    if message is None:
        raise NotFound("message_not_found", _("There is no such message."))
    return ticket, message


def _newest_words(ticket: Ticket) -> int | None:
    """The number of the newest public message: the one that a ticket's preview shows."""
    said = ticket.messages.public().exclude(kind=MessageKind.ACTIVITY)
    return said.order_by("-seq").values_list("seq", flat=True).first()
