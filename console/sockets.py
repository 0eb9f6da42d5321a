"""The agents' socket: it listens, and says only what is worth nothing a minute later. Agents write by ordinary POSTs."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import time
from typing import ClassVar, Final
from uuid import UUID

import msgspec
from django.utils.translation import gettext_lazy as _

from accounts.groups import staff_session, staff_sessions
from console import frames
from console.admission import (
    Admitted,
    admit,
    ended_sessions,
    held_threads,
    newest_number,
    read_frames,
    session_key_of,
    threads_ahead,
)
from console.heartbeat import heartbeat
from core.db import in_db
from core.errors import NotFound, Refused, TransientError
from core.frames import BadFrameError
from core.hub import Frame, hub
from core.publishing import publish_now
from core.sockets import CloseSocket, FrameSocket, Watcher
from tickets.groups import agent_group, customer_group, queue_group, staff_group
from tickets.rendering import assigned_frame, unassigned_frame

VERSION: Final = 1
#: Threads that one tab may have open beside those its agent holds.
MAX_WATCHED: Final = 40
#: Seconds between two looks at what the agent holds.
LOOK_EVERY: Final = 6.0


class AgentSocket(FrameSocket):
    """One tab of one agent. Entries of the tickets they hold come without asking, further threads by `watch`.

    A group is an address, never a permission: whether the agent may read a thread is asked of the database on each
    `watch`, each assignment and each catch-up.
    """

    accepts: ClassVar[dict[str, type[msgspec.Struct]]] = {
        "hello": frames.Hello,
        "watch": frames.Watch,
        "unwatch": frames.Unwatch,
        "got": frames.GotEntries,
        "resume": frames.ResumeThread,
        "typing": frames.Typing,
        "viewing": frames.Viewing,
    }
    watcher = Watcher(ahead=threads_ahead, revoked=ended_sessions)

    who: Admitted | None = None
    _is_beating = False
    _look_at = math.inf

    async def on_hello(self, frame: frames.Hello) -> None:
        """Check the session and spend the ticket; then subscribe, and only then look at what the agent holds."""
        if frame.v != VERSION:
            raise BadFrameError
        self._held: set[UUID] = set()
        self._watched: set[UUID] = set()
        who = await in_db(admit, session_key_of(self.scope["headers"]), frame.ticket, at=time.time())
        if who is None:
            raise CloseSocket(4401)
        self.who, self.language, self.session = who, who.language, who.session
        await self.join(
            staff_sessions(who.user_id),
            staff_session(who.session_key),
            agent_group(who.user_id),
            *(queue_group(team) for team in who.team_ids),
        )
        held = await in_db(held_threads, who.user_id)
        self.send(frames.Welcome(VERSION, ["watch", "typing", "viewing"], list(held), hub().degraded))
        for ticket, newest in held.items():
            await self._follow_from(ticket, newest)
        self._look_at = asyncio.get_running_loop().time() + LOOK_EVERY
        if who.is_agent and not self.closed:
            self._is_beating = True
            heartbeat().enter(who.user_id)

    def on_watch(self, frame: frames.Watch) -> None:
        """Deliver a thread from a number on; refused as not found if the agent may not read it."""
        if len(self._watched) >= MAX_WATCHED and frame.ticket not in self._watched:
            raise Refused("too_many_threads", _("Too many threads are open in this tab. Close one first."))
        self._watched.add(frame.ticket)
        self.later(self._watch(frame))

    def on_unwatch(self, frame: frames.Unwatch) -> None:
        """End the delivery of a thread, unless the agent holds it."""
        self._watched.discard(frame.ticket)
        self._drop_unless_wanted(frame.ticket)

    def on_got(self, frame: frames.GotEntries) -> None:  # type: ignore[override]
        """Let the thread's window move on."""
        self.acknowledge(staff_group(frame.ticket), frame.seq)

    def on_resume(self, frame: frames.ResumeThread) -> None:  # type: ignore[override]
        """Send a page of a thread again."""
        self.read_again(staff_group(frame.ticket), frame.after)

    def on_typing(self, frame: frames.Typing) -> None:
        """Tell the customer and the colleagues who watch the thread. Only for a thread this socket follows."""
        who = self._follower_of(frame.ticket)
        author = {"kind": "agent", "name": who.name}
        to_customer = msgspec.json.encode(frames.TypingFrame(author, frame.on))
        to_staff = msgspec.json.encode(frames.TypingFrame({**author, "id": who.user_id}, frame.on, frame.ticket))
        publish_now(
            [
                Frame(customer_group(frame.ticket), 0, "typing", to_customer),
                Frame(staff_group(frame.ticket), 0, "typing", to_staff),
            ]
        )

    def on_viewing(self, frame: frames.Viewing) -> None:
        """Tell the colleagues who watch the thread that somebody else looks at it."""
        who = self._follower_of(frame.ticket)
        told = frames.ViewingFrame(frame.ticket, {"id": who.user_id, "name": who.name})
        publish_now([Frame(staff_group(frame.ticket), 0, "viewing", msgspec.json.encode(told))])

    def deliver(self, frame: Frame) -> None:
        """Pass the frame on; an assignment also begins, and its end stops, the delivery of that thread."""
        super().deliver(frame)
        if self.closed or frame.kind not in ("assigned", "unassigned"):
            return
        ticket = msgspec.json.decode(frame.data, type=_Assignment).ticket
        if frame.kind == "assigned":
            self._held.add(ticket)
            self.later(self._follow(ticket))
        else:
            self._held.discard(ticket)
            self.later(self._let_go(ticket))

    def more_frame(self, group: str, after: int) -> msgspec.Struct:
        """`more`, with the thread it is about."""
        return frames.MoreEntries(_ticket_of(group), after)

    async def read_thread(self, group: str, after: int, limit: int) -> list[Frame]:
        """Entries from the database; a thread that the agent may no longer read ends."""
        try:
            return await in_db(read_frames, self._user_id, _ticket_of(group), after, limit)
        except NotFound:
            self._forget(_ticket_of(group))
            return []

    def on_close(self) -> None:
        """The agent may be gone."""
        if self._is_beating and self.who is not None:
            self._is_beating = False
            heartbeat().leave(self.who.user_id)

    def tick(self, now: float) -> None:
        """Look at the deadlines, and now and then at what the agent holds."""
        super().tick(now)
        if now >= self._look_at and not self.closed:
            self._look_at = now + LOOK_EVERY * random.uniform(0.75, 1.0)  # noqa: S311 (spreads load, guards nothing)
            self.later(self._look_again())

    async def _look_again(self) -> None:
        """Find assignments whose frames were lost: they have no number, and the worker tells of them over Redis only."""
        before = set(self._held)
        with contextlib.suppress(TransientError, NotFound):
            held = (await in_db(held_threads, self._user_id)).keys()
            for ticket in held - before - self._held:
                self.deliver(assigned_frame(self._user_id, ticket))
            for ticket in (before & self._held) - held:
                self.deliver(unassigned_frame(self._user_id, ticket))

    async def _watch(self, frame: frames.Watch) -> None:
        try:
            newest = await self._newest(frame.ticket)
        except NotFound:
            self._watched.discard(frame.ticket)
            raise
        if frame.ticket in self._watched and not self.closed:
            await self.go_live(staff_group(frame.ticket), min(frame.after, newest))

    async def _follow(self, ticket: UUID) -> None:
        await self._follow_from(ticket, await self._newest(ticket))

    async def _follow_from(self, ticket: UUID, newest: int) -> None:
        self._held.add(ticket)
        if not self.closed and not self._is_live(ticket):
            await self.go_live(staff_group(ticket), newest)

    async def _let_go(self, ticket: UUID) -> None:
        """A ticket that went to somebody else stays on screen only while its thread may still be read."""
        if ticket in self._watched:
            try:
                await self._newest(ticket)
            except NotFound:
                self._forget(ticket)
        self._drop_unless_wanted(ticket)

    async def _newest(self, ticket: UUID) -> int:
        return await in_db(newest_number, self._user_id, ticket)

    @property
    def _user_id(self) -> int:
        """Nobody has the id 0, and nobody who is not admitted reads anything."""
        return self.who.user_id if self.who else 0

    def _follower_of(self, ticket: UUID) -> Admitted:
        if self.who is None or not self._is_live(ticket):
            raise NotFound("ticket_not_found", _("There is no such ticket."))
        return self.who

    def _is_live(self, ticket: UUID) -> bool:
        group = staff_group(ticket)
        return any(stream.group == group for stream in self.streams)

    def _forget(self, ticket: UUID) -> None:
        self._held.discard(ticket)
        self._watched.discard(ticket)
        self.stop(staff_group(ticket))

    def _drop_unless_wanted(self, ticket: UUID) -> None:
        if ticket not in self._held and ticket not in self._watched:
            self.stop(staff_group(ticket))


class _Assignment(msgspec.Struct):
    ticket: UUID


def _ticket_of(group: str) -> UUID:
    return UUID(group.partition(":")[2])
