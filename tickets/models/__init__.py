"""Tables of tickets, one noun a module."""

from tickets.models.attachments import Attachment
from tickets.models.mail import Delivery
from tickets.models.messages import Message, MessageRevision
from tickets.models.people import Participant, TicketRead
from tickets.models.tickets import Ticket, TicketAlias, TicketField, TicketFieldValue, TicketTag, Topic

__all__ = [
    "Attachment",
    "Delivery",
    "Message",
    "MessageRevision",
    "Participant",
    "Ticket",
    "TicketAlias",
    "TicketField",
    "TicketFieldValue",
    "TicketRead",
    "TicketTag",
    "Topic",
]
