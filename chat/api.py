"""The widget's HTTP interface: the session, and for browsers without a socket everything that the socket does."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.actions.sessions import OpenedSession, close_session
from accounts.models import CustomerSession
from accounts.selectors import opened_key, session_of, site_by_key
from chat.actions.sessions import begin_session
from chat.frames import AskForHuman, OpenSession, SendMessage
from chat.limits import check_message_limit, check_read_limit, check_session_limits, check_upload_limit
from chat.refusals import not_available
from chat.responses import CustomerEdge, JsonEdge, bad_request, bearer_of, body_of, json_answer, number_of
from chat.selectors import history_of, live_chat_of, news_of, settings_of, upload_key_of
from core.addresses import address_of
from core.db import utc_now
from core.errors import NotFound
from core.locales import best_language, from_accept_language
from tickets.actions.attachments import store_attachment
from tickets.actions.handover import ask_for_human
from tickets.actions.messages import post_customer_message
from tickets.file_links import Audience, file_token
from tickets.file_sealing import card_of
from tickets.models import Attachment
from tickets.posted import Posted
from tickets.rendering import ack_of
from tickets.uploads import too_large

HISTORY_PAGE: Final = 50
HISTORY_MOST: Final = 200
#: What a multipart envelope adds to a file, at most.
ENVELOPE: Final = 16_384


class SessionView(JsonEdge):
    """`POST /api/widget/<site_key>/session`: a browser begins, or goes on."""

    def post(self, request: HttpRequest, site_key: str) -> HttpResponse:
        """Answers the token, who this is, the live chat and what the widget needs to know."""
        site = site_by_key(site_key)
        if site is None:
            raise NotFound("site_not_found", _("There is no such site."))
        check_session_limits(site, address_of(request))
        asked = body_of(request, OpenSession)
        spoken = from_accept_language(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        language = best_language(asked.locale, default=spoken)
        with translation.override(language):
            opened = begin_session(
                site=site, identity=asked.identity, resume=asked.resume, language=language, now=utc_now()
            )
            return json_answer(_session(opened))


class LogoutView(JsonEdge):
    """`POST /api/widget/<site_key>/logout`: the session ends, its sockets close. The answer never tells whether there was one."""

    def post(self, request: HttpRequest, site_key: str) -> HttpResponse:
        """Always 204."""
        token = bearer_of(request)
        if session_of(token, site_key) is not None:
            close_session(token)
        return HttpResponse(status=204)


class MessagesView(CustomerEdge):
    """`/api/chat/messages`: what is new, and one message more."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Messages after a number, where the ticket stands, whether there is more."""
        check_read_limit(self.session)
        return json_answer(news_of(self.session.customer, number_of(request, "after", 0)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Store a message: 201, or 200 for a repeat, with the ack."""
        check_message_limit(self.session)
        frame = body_of(request, SendMessage)
        posted = post_customer_message(
            client_id=frame.client_id,
            body=frame.body,
            attachments=frame.attachments,
            language=translation.get_language(),
            **_who(self.session),
        )
        return _acknowledged(posted)


class HistoryView(CustomerEdge):
    """`GET /api/chat/history`: pages backwards through the live chat."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Messages before a number, oldest first."""
        check_read_limit(self.session)
        before = number_of(request, "before", 2**31 - 1)
        limit = max(1, number_of(request, "limit", HISTORY_PAGE, most=HISTORY_MOST))
        return json_answer(history_of(self.session.customer, before, limit))


class HumanView(CustomerEdge):
    """`POST /api/chat/human`: the customer wants a person."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Hand over; 201, or 200 for a repeat, with the ack."""
        check_message_limit(self.session)
        frame = body_of(request, AskForHuman)
        language = translation.get_language()
        return _acknowledged(ask_for_human(client_id=frame.client_id, language=language, **_who(self.session)))


class NotYetView(CustomerEdge):
    """Addresses of the protocol whose domain is not built yet: one constant answer."""

    def post(self, _request: HttpRequest) -> HttpResponse:
        """Raises: Refused ``not_available``."""
        raise not_available()


class AttachmentsView(CustomerEdge):
    """`POST /api/chat/attachments`: one file, to be named by a message within an hour."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Store the file `file` of a multipart form: 201 with its card."""
        check_upload_limit(self.session.customer)
        upload = _upload_of(request)
        key = upload_key_of(self.session.customer)
        attachment = store_attachment(
            owner=self.session.customer, data_key=key, name=upload.name or "", content=upload.read()
        )
        return json_answer(_card(attachment), 201)


class AttachmentView(CustomerEdge):
    """`GET /api/chat/attachments/<id>`: a file's card with a fresh link."""

    def get(self, _request: HttpRequest, public_id: UUID) -> HttpResponse:
        """The link is for this session and ten minutes. Raises: NotFound for a stranger's file."""
        check_read_limit(self.session)
        attachment = Attachment.objects.of_customer(self.session.customer).find(public_id)
        token = file_token(attachment.public_id, Audience("s", self.session.pk))
        return json_answer({**_card(attachment), "url": reverse("chat_api:file", args=[token])})


def _who(session: CustomerSession) -> dict[str, Any]:
    return {"customer": session.customer, "session_assurance": session.assurance}


def _session(opened: OpenedSession) -> dict[str, Any]:
    customer, chat = opened.customer, live_chat_of(opened.customer)
    return {
        "token": opened.token,
        "customer": {"id": customer.public_id, "name": customer.name, "verified": customer.is_verified},
        "ticket": chat.as_frame() if chat else None,
        "settings": settings_of(opened.session.site),
    }


def _acknowledged(posted: Posted) -> HttpResponse:
    return json_answer(ack_of(posted), 200 if posted.repeat else 201)


def _card(attachment: Attachment) -> dict[str, Any]:
    card = card_of(attachment, opened_key(attachment.data_key))
    return {
        "id": card.id,
        "name": card.name,
        "type": card.type,
        "size": card.size,
        "image": card.is_image,
        "state": attachment.state,
    }


def _upload_of(request: HttpRequest) -> UploadedFile[bytes]:
    """The one file of a form. The size is looked at before anything is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > settings.ATTACHMENT_MAX_BYTES + ENVELOPE:
        raise too_large(settings.ATTACHMENT_MAX_BYTES)
    if request.content_type != "multipart/form-data":
        raise bad_request()
    try:
        upload = request.FILES.get("file")
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError, UnicodeError, ValueError):
        raise bad_request() from None
    if not isinstance(upload, UploadedFile):
        raise bad_request()
    return upload
