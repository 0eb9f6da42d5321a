"""What agents do to tickets: answer, note, take, give away, finish."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, User
from accounts.policy import can, check_can
from core.errors import Conflict, NotFound, Refused
from core.publishing import Event, Frame, publish_on_commit
from core.secrets import scrub
from core.text import clean_body
from tickets.actions.attachments import claim_attachments
from tickets.actions.moves import move_to_agent, move_to_closed, move_to_queue, move_to_solved, move_to_waiting
from tickets.actions.thread import Appended, Author, Words, append_words, repeat_of, save_moved
from tickets.choices import AuthorKind, CloseReason, MessageKind, TicketStatus
from tickets.events import CapacityFreed, MessagePosted, TicketHandedOver
from tickets.models import Ticket
from tickets.posted import Posted
from tickets.rendering import assigned_frame, hub_frames, queue_frame, staff_frame, unassigned_frame
from tickets.rules import check_may_become, check_may_reply
from tickets.selectors.threads import entries_of

CAPABILITY_FOR = {
    TicketStatus.WAITING: "ticket.reply",
    TicketStatus.ASSIGNED: "ticket.reply",
    TicketStatus.QUEUED: "ticket.transfer",
    TicketStatus.SOLVED: "ticket.solve",
    TicketStatus.CLOSED: "ticket.close",
}
LEAVES_IT_TO_CUSTOMER = frozenset({TicketStatus.WAITING, TicketStatus.SOLVED, TicketStatus.CLOSED})


@transaction.atomic
def post_agent_message(
    *,
    user: User,
    ticket: UUID,
    client_id: UUID,
    body: str,
    kind: MessageKind = MessageKind.AGENT,
    seen_seq: int,
    force: bool = False,
    attachments: Sequence[UUID] = (),
) -> Posted:
    """Answer the customer, or write a note that only agents see.

    An answer to a ticket nobody has takes it. An answer is refused with the missed entries if the customer wrote after
    `seen_seq`, unless forced: nobody answers a question they have not read. Secrets are removed as from customers.
    Repeat: the same id and text return the first message. Raises: NotFound for a ticket they may not see; NotAllowed;
    Refused for a closed ticket or text that cannot be stored; Conflict `thread_moved` (fact `missed`: frames), or
    `conflict` for other text under a used id. Records: message_posted. Locks: the ticket.
    """
    locked = _locked(user, ticket, "ticket.note" if kind == MessageKind.NOTE else "ticket.reply")
    author = Author.agent(user)
    clean = scrub(clean_body(body) if body or not attachments else "")
    if earlier := repeat_of(author, client_id, clean.text):
        return earlier
    parts: list[Appended] = []
    if kind == MessageKind.AGENT:
        _check_answer(user, locked, seen_seq, force=force)
        parts += _taken(user, locked, author)
    words = Words(clean.text, clean.kinds, user.language)
    message = append_words(locked, kind, author, client_id, words)
    files = claim_attachments(message.row, owner=user, ids=attachments)
    if kind == MessageKind.AGENT:
        locked.waiting_since = None
    save_moved(locked, message)
    frames = [frame for part in parts for frame in hub_frames(part.entry())]
    frames += hub_frames(message.entry(files))
    if parts:
        frames += [assigned_frame(user.pk, locked.public_id), queue_frame(locked.team_id)]
    publish_on_commit(frames, [MessagePosted(locked.pk, AuthorKind.AGENT, locked.status)])
    return message.posted()


@transaction.atomic
def assign_ticket(*, user: User, ticket: UUID, assignee_id: int | None = None) -> Ticket:
    """Give a ticket to an agent of its team; without an agent, take it oneself.

    Repeat: assigning to whom has it already changes nothing. Raises: NotFound for a ticket or agent they may not see;
    NotAllowed; Refused for one that is solved or closed. Records: capacity_freed for the agent who had it.
    Locks: the ticket.
    """
    wanted = assignee_id or user.pk
    locked = _locked(user, ticket, "ticket.assign" if wanted == user.pk else "ticket.transfer")
    if locked.assignee_id == wanted and locked.status == TicketStatus.ASSIGNED:
        return locked
    if locked.status in (TicketStatus.SOLVED, TicketStatus.CLOSED):
        check_may_become(locked.status, TicketStatus.WAITING)
    agent = Agent.objects.of_team(locked.team_id).select_related("user").filter(pk=wanted, user__is_active=True).first()
    if agent is None:
        raise NotFound("agent_not_found", _("This agent is not in the ticket's team."))
    before = locked.assignee_id
    latest = move_to_agent(locked, agent, author=Author.agent(user))
    save_moved(locked, latest)
    frames = [*hub_frames(latest.entry()), assigned_frame(agent.pk, locked.public_id), queue_frame(locked.team_id)]
    if before is not None and before != agent.pk:
        frames.append(unassigned_frame(before, locked.public_id))
    publish_on_commit(frames, [CapacityFreed(locked.team_id)] if before else [])
    return locked


@transaction.atomic
def set_status(*, user: User, ticket: UUID, status: str, seen_seq: int | None = None) -> Ticket:
    """Move a ticket on: wait for the customer, go on, back to the queue, solved, closed.

    With `seen_seq`, nothing that leaves the next word to the customer is done over one they have already said.

    Repeat: a ticket that is there already is returned unchanged. Raises: NotFound; NotAllowed; Refused `ticket_state`;
    Conflict `thread_moved` if the customer wrote after `seen_seq`. Records: ticket_handed_over when queued, else
    capacity_freed. Locks: the ticket.
    """
    if status not in CAPABILITY_FOR:
        raise Refused("bad_status", _("There is no such state."))
    locked = _locked(user, ticket, CAPABILITY_FOR[TicketStatus(status)])
    if locked.status == status:
        return locked
    if seen_seq is not None and status in LEAVES_IT_TO_CUSTOMER and _has_missed(locked, seen_seq):
        raise Conflict("thread_moved", _("The customer wrote again; the ticket is open"))
    before = locked.assignee_id
    latest = _moved(locked, user, TicketStatus(status))
    save_moved(locked, latest)
    frames: list[Frame] = [*hub_frames(latest.entry()), queue_frame(locked.team_id)]
    if before is not None and locked.assignee_id is None:
        frames.append(unassigned_frame(before, locked.public_id))
    event: Event = CapacityFreed(locked.team_id)
    if status == TicketStatus.QUEUED:
        event = TicketHandedOver(locked.team_id)
    publish_on_commit(frames, [event])
    return locked


def _moved(ticket: Ticket, user: User, status: TicketStatus) -> Appended:
    author = Author.agent(user)
    if status == TicketStatus.WAITING:
        return move_to_waiting(ticket, author=author)
    if status == TicketStatus.QUEUED:
        return move_to_queue(ticket, "requeued", author=author)
    if status == TicketStatus.SOLVED:
        return move_to_solved(ticket, author=author)
    if status == TicketStatus.CLOSED:
        return move_to_closed(ticket, author=author, reason=CloseReason.DONE)
    wanted = ticket.assignee_id or user.pk
    agent = Agent.objects.select_related("user").filter(pk=wanted, user__is_active=True).first()
    if agent is None:
        raise NotFound("agent_not_found", _("This agent is not in the ticket's team."))
    return move_to_agent(ticket, agent, author=author)


def _locked(user: User, public_id: UUID, capability: str) -> Ticket:
    ticket = Ticket.objects.visible_to(user).locked().find(public_id)
    check_can(user, capability, site=ticket.site_id, team=ticket.team_id)
    return ticket


def _check_answer(user: User, ticket: Ticket, seen_seq: int, *, force: bool) -> None:
    if ticket.status == TicketStatus.CLOSED:
        raise Refused("ticket_closed", _("This ticket is closed. The customer's next message opens a new one."))
    is_lead = can(user, "ticket.reassign", site=ticket.site_id, team=ticket.team_id)
    check_may_reply(assignee_id=ticket.assignee_id, user_id=user.pk, is_lead=is_lead)
    if force:
        return
    if _has_missed(ticket, seen_seq):
        frames = [staff_frame(entry) for entry in entries_of(ticket, after=seen_seq, limit=50)]
        raise Conflict(
            "thread_moved", _("The customer wrote while you were writing. Read it, then send."), missed=frames
        )


def _has_missed(ticket: Ticket, seen_seq: int) -> bool:
    return ticket.messages.from_customer().after(seen_seq).exists()


def _taken(user: User, ticket: Ticket, author: Author) -> list[Appended]:
    """An answer to a ticket nobody works on takes it; one that waits for the customer goes on."""
    if ticket.status in (TicketStatus.ASSIGNED, TicketStatus.WAITING):
        ticket.status = TicketStatus.ASSIGNED
        return []
    agent = Agent.objects.select_related("user").filter(pk=user.pk).first()
    if agent is None:
        raise Refused("no_agent", _("Only agents answer customers. Ask an administrator for an agent profile."))
    ticket.solved_at = None
    return [move_to_agent(ticket, agent, author=author)]
