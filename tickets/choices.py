"""Values that tickets' columns take."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class TicketStatus(models.TextChoices):
    """Where a ticket stands: exactly one at a time."""

    BOT = "bot", _("With the assistant")
    QUEUED = "queued", _("Waiting for an agent")
    ASSIGNED = "assigned", _("With an agent")
    WAITING = "waiting", _("Waiting for the customer")
    SOLVED = "solved", _("Solved")
    CLOSED = "closed", _("Closed")


OPEN_STATUSES = (TicketStatus.BOT, TicketStatus.QUEUED, TicketStatus.ASSIGNED, TicketStatus.WAITING)


class Channel(models.TextChoices):
    """How a ticket's customer is reached."""

    CHAT = "chat", _("Chat")
    EMAIL = "email", _("E-mail")
    FORM = "form", _("Form")


class Priority(models.IntegerChoices):
    """Order of the queue; lower is sooner."""

    EMERGENCY = 0, _("Emergency")
    HIGH = 1, _("High")
    NORMAL = 2, _("Normal")
    LOW = 3, _("Low")


class MessageKind(models.TextChoices):
    """What one entry of a thread is."""

    CUSTOMER = "customer", _("Customer")
    AGENT = "agent", _("Agent")
    BOT = "bot", _("Assistant")
    NOTE = "note", _("Note")
    ACTIVITY = "activity", _("Activity")


class AuthorKind(models.TextChoices):
    """What kind of author wrote an entry. `author_id` counts within the kind."""

    CUSTOMER = "customer", _("Customer")
    AGENT = "agent", _("Agent")
    BOT = "bot", _("Assistant")
    SYSTEM = "system", _("System")


class ParticipantRole(models.TextChoices):
    """How a further person takes part in a ticket by mail."""

    FROM = "from", _("From")
    CC = "cc", _("Cc")
    BCC = "bcc", _("Bcc")


class AttachmentState(models.TextChoices):
    """Whether an uploaded file may be shown."""

    STORED = "stored", _("Stored")
    SCANNING = "scanning", _("Being checked")
    REFUSED = "refused", _("Refused")


class DeliveryState(models.TextChoices):
    """How far an outgoing mail got."""

    PENDING = "pending", _("Waiting to be sent")
    SENT = "sent", pgettext_lazy("mail", "Sent")
    BOUNCED = "bounced", _("Could not be delivered")


class CloseReason(models.TextChoices):
    """Why a ticket was closed."""

    DONE = "done", pgettext_lazy("why a ticket was closed", "Done")
    SPAM = "spam", _("Spam")
    JOINED = "joined", _("Joined with another ticket")
    ABANDONED = "abandoned", _("No answer from the customer")
