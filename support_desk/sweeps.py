"""Work that is found from the state of the tables, so that a lost task, a flushed broker or a missing beat loses nothing.

Every worker process runs the table; an advisory lock lets one of them do each sweep at a time.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sweep:
    """A function without arguments that does what is due and may run any number of times."""

    function: str
    every_seconds: float


SWEEPS: tuple[Sweep, ...] = (
    Sweep("tickets.routing.tasks.sweep_queues", 5),
    Sweep("tickets.actions.attachments.remove_unclaimed_attachments", 300),
    Sweep("accounts.actions.sessions.forget_spent_tokens", 3600),
    Sweep("accounts.actions.staff_sessions.forget_ended_sign_ins", 3600),
    Sweep("core.audit.checkpoints.checkpoint", 300),
)
