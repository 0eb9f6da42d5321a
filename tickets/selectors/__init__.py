"""What screens and sockets read of tickets, one function per view."""

from tickets.entries import Entry, FileCard
from tickets.selectors.queues import (
    QueuePlace,
    TicketDetail,
    TicketRow,
    queue_counts,
    queue_for,
    queue_place,
    ticket_for,
)
from tickets.selectors.threads import (
    live_ticket_of,
    public_history_of,
    public_numbers_ahead,
    public_thread_of,
    staff_numbers_ahead,
    thread_of,
)

__all__ = [
    "Entry",
    "FileCard",
    "QueuePlace",
    "TicketDetail",
    "TicketRow",
    "live_ticket_of",
    "public_history_of",
    "public_numbers_ahead",
    "public_thread_of",
    "queue_counts",
    "queue_for",
    "queue_place",
    "staff_numbers_ahead",
    "thread_of",
    "ticket_for",
]
