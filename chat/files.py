"""`GET /files/<token>`: the content of one file for one reader, sealed until it is asked for."""

from __future__ import annotations

from typing import ClassVar, Final
from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from accounts.guards import is_verified
from accounts.models import User
from accounts.selectors import opened_key
from chat.responses import JsonEdge
from chat.selectors import file_of_session
from core.crypto.keys import WrongKey
from tickets.actions.attachments import open_attachment
from tickets.file_links import Audience, read_file_token
from tickets.file_queries import file_not_found
from tickets.file_sealing import card_of
from tickets.models import Attachment

log = structlog.get_logger(__name__)

#: A file is never a page: no script, no frame, nothing loaded, an origin of its own.
POLICY: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"


class FileView(JsonEdge):
    """Opens a signed link. Whatever is wrong with it, the answer is the same 404."""

    opens_directly: ClassVar[bool] = True

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """The content; pictures that we encoded ourselves may be shown in place, everything else is saved."""
        link = read_file_token(token)
        if link is None:
            raise file_not_found()
        attachment = _file_for(request, *link)
        try:
            name = card_of(attachment, opened_key(attachment.data_key)).name
            content = open_attachment(attachment)
        except WrongKey:
            log.error("file_does_not_open", attachment=str(attachment.public_id))
            raise file_not_found() from None
        return _answer(attachment, name, content)


def _file_for(request: HttpRequest, public_id: UUID, audience: Audience) -> Attachment:
    """The file, if the reader named in the link may still open it. Raises: NotFound."""
    if audience.kind == "s":
        return file_of_session(audience.pk, public_id)
    user = request.user
    if not isinstance(user, User) or user.pk != audience.pk or not is_verified(request):
        raise file_not_found()
    return Attachment.objects.visible_to(user).find(public_id)


def _answer(attachment: Attachment, name: str, content: bytes) -> HttpResponse:
    kind = attachment.content_type
    answer = HttpResponse(content, content_type="text/plain; charset=utf-8" if kind == "text/plain" else kind)
    answer.headers["Content-Disposition"] = content_disposition_header(not attachment.is_image, name) or "attachment"
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store, private"
    return answer
