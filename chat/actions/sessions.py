"""How a browser's session begins."""

from datetime import datetime

from django.db import transaction

from accounts.actions.sessions import OpenedSession, open_session
from accounts.identity import verify_identity
from accounts.models import Site
from tickets.actions.joining import join_history


@transaction.atomic
def begin_session(
    *, site: Site, identity: str | None, resume: str | None, language: str, now: datetime
) -> OpenedSession:
    """Open or go on with a session, and in the same transaction join what was written before signing in.

    Repeat: as `open_session`. Raises: IdentityInvalid. Locks: session, then customers, then tickets.
    """
    said = verify_identity(identity, site=site, now=now) if identity else None
    opened = open_session(site=site, identity=said, resume=resume, language=language, now=now)
    if opened.joined:
        anonymous, verified = opened.joined
        join_history(anonymous=anonymous, verified=verified)
    return opened
