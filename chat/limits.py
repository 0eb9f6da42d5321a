"""How much one address, session or customer may ask of the chat, counted over HTTP and sockets together."""

from typing import Final

from accounts.models import Customer, CustomerSession, Site
from accounts.selectors import limits_of
from core.limits import Limit, hit

BURST_SECONDS: Final = 20
SESSIONS_OF_SITE: Final = Limit("session.site", 1_200, 60)
UPLOADS_OF_CUSTOMER: Final = Limit("upload.customer", 60, 3_600)
READS_OF_SESSION: Final = Limit("read.session", 300, 60)


def check_session_limits(site: Site, address: str) -> None:
    """Count one opening of a session. Raises: TooMany."""
    per_minute = limits_of(site)["sessions_per_minute_per_address"]
    hit(Limit("session.address", per_minute, 60), site.key, address)
    hit(SESSIONS_OF_SITE, site.key)


def message_limit(per_minute: int) -> Limit:
    """What one session may write: a third of a minute's worth at once, so that a burst does not lock it out for long."""
    return Limit("message.session", max(1, per_minute * BURST_SECONDS // 60), BURST_SECONDS)


def check_message_limit(session: CustomerSession) -> None:
    """Count one message. Raises: TooMany."""
    hit(message_limit(limits_of(session.site)["messages_per_minute"]), str(session.pk))


def check_upload_limit(customer: Customer) -> None:
    """Count one file. Raises: TooMany."""
    hit(UPLOADS_OF_CUSTOMER, str(customer.pk))


def check_read_limit(session: CustomerSession) -> None:
    """Count one poll or page of history. Raises: TooMany."""
    hit(READS_OF_SESSION, str(session.pk))
