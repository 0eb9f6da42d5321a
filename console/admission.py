"""Who is behind an agents' socket, and what they may follow. Sync: sockets call it in a database thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from uuid import UUID

from django.conf import settings
from django.http import parse_cookie

from accounts import socket_tickets
from accounts.models import User
from accounts.policy import can
from accounts.selectors import StaffSession, agent_of, ended_staff_sessions
from accounts.sessions import session_user_of
from core.errors import NotFound
from core.hub import Frame
from core.locales import best_language
from tickets.groups import staff_group
from tickets.models import Ticket
from tickets.rendering import staff_bytes
from tickets.selectors import staff_numbers_ahead, thread_of
from tickets.selectors.queues import held_tickets_of

Pair = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A verified member of staff behind a socket."""

    user_id: int
    name: str
    language: str
    session_key: str
    epoch: int
    is_agent: bool
    team_ids: tuple[int, ...]

    @property
    def session(self) -> Pair:
        """The form in which the watcher checks it."""
        return StaffSession(self.user_id, self.session_key).key, self.epoch


def session_key_of(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """The session key in the Cookie headers of a handshake; empty if there is none."""
    cookies = "; ".join(value.decode("latin-1") for name, value in headers if name == b"cookie")
    return parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")


def admit(session_key: str, ticket: str, *, at: float) -> Admitted | None:
    """The person behind a session with its second factor passed, if the one-time ticket is theirs and unspent.

    Repeat: None, the ticket is spent. Cost: about 8 queries.
    """
    if not session_key:
        return None
    found = session_user_of(import_module(settings.SESSION_ENGINE).SessionStore(session_key), at=at)
    if found is None or not found[1]:
        return None
    user, _verified, epoch = found
    if not can(user, "console.open") or socket_tickets.redeem(ticket, session_key) != user.pk:
        return None
    agent = agent_of(user)
    return Admitted(
        user_id=user.pk,
        name=user.display_name,
        language=best_language(user.language),
        session_key=session_key,
        epoch=epoch,
        is_agent=agent is not None,
        team_ids=tuple(agent.teams.values_list("pk", flat=True)) if agent else (),
    )


def held_threads(user_id: int) -> dict[UUID, int]:
    """The tickets an agent holds and may read, each with the newest number of its thread. Cost: 4 queries."""
    user = _fresh(user_id)
    held = dict(held_tickets_of(user))
    readable = Ticket.objects.visible_to(user).filter(public_id__in=held).values_list("public_id", flat=True)
    return {ticket: held[ticket] for ticket in readable}


def newest_number(user_id: int, ticket: UUID) -> int:
    """The newest number of a thread that the user may read. Raises: NotFound. Cost: 3 queries."""
    return Ticket.objects.visible_to(_fresh(user_id)).find(ticket).last_seq


def read_frames(user_id: int, ticket: UUID, after: int, limit: int) -> list[Frame]:
    """Entries of a thread past a number, as the live frames. Raises: NotFound for a ticket they may not read (any more)."""
    found = Ticket.objects.visible_to(_fresh(user_id)).find(ticket)
    entries = thread_of(found, after=after, limit=limit)
    return [Frame(staff_group(ticket), entry.seq, "entry", staff_bytes(entry)) for entry in entries]


def threads_ahead(watched: Sequence[Pair]) -> list[Pair]:
    """For the watcher: the threads that have moved on."""
    return list(staff_numbers_ahead(watched).items())


def ended_sessions(watched: Sequence[Pair]) -> list[Pair]:
    """For the watcher: the sign-ins that no longer count."""
    ended = ended_staff_sessions(watched)
    return [pair for pair in watched if pair[0] in ended]


def _fresh(user_id: int) -> User:
    """Grants are loaded once for each user object, so a socket asks with a new one."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise NotFound("signed_out", "")
    return user
