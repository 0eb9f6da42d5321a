"""Pages and posts of the console. Every view decodes, calls one action or reads for one screen, and renders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import socket_tickets
from accounts.actions.presence import set_presence
from accounts.models import User
from console import forms
from console.changes import correction_context, removal_context
from console.pages import desk_context, entry_frames, list_context, missed_lines, number_of, ticket_context, view_of
from console.requests import AgentRequest, agent_required, refusal, wants_json
from core.errors import DomainError, NotAllowed, NotFound, Refused
from tickets.actions.agents import assign_ticket, post_agent_message, set_status
from tickets.actions.changing import edit_message, redact_message
from tickets.actions.reading import mark_read_by_agent
from tickets.choices import MessageKind
from tickets.models import Ticket
from tickets.posted import Posted
from tickets.rendering import ack_of
from tickets.selectors import TicketDetail, thread_of, ticket_for

PAGE = 200


@require_GET
@agent_required
def queue(request: AgentRequest) -> HttpResponse:
    """The queue, with no ticket open."""
    return render(request, "console/desk.html", desk_context(request, view_of(request)))


@require_GET
@agent_required
def ticket(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """One ticket: thread, composer and customer, beside the queue."""
    return _ticket_page(request, ticket_for(request.user, public_id))


@require_GET
@agent_required
def rows(request: AgentRequest) -> HttpResponse:
    """The queue column alone, fetched when something has changed."""
    return render(request, "console/_queue.html", list_context(request, view_of(request)))


@require_GET
@agent_required
def entries(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """Entries past a number as JSON: what a page reads while its socket is away."""
    found = Ticket.objects.visible_to(request.user).find(public_id)
    after = number_of(request.GET.get("after"))
    page = thread_of(found, after=after, limit=PAGE)
    more = bool(page) and page[-1].seq < found.last_seq
    body = {"entries": entry_frames(request, page), "status": found.status, "last_seq": found.last_seq, "more": more}
    return JsonResponse(body)


@require_GET
@agent_required
def socket_ticket(request: AgentRequest) -> HttpResponse:
    """A fresh one-time value for the socket's first frame. Nothing is stored until it is spent."""
    return JsonResponse({"ticket": socket_tickets.issue(request.user, request.session.session_key or "")})


@require_POST
@agent_required
def messages(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """Answer the customer or write a note."""
    try:
        sent = forms.decoded(forms.MessageForm, request)
        posted = post_agent_message(
            user=request.user,
            ticket=public_id,
            client_id=sent["client_id"],
            body=sent["body"],
            kind=MessageKind(sent["kind"]),
            seen_seq=sent["seen_seq"],
            force=sent["force"],
        )
    except DomainError as error:
        return _refused(request, public_id, error)
    if wants_json(request):
        return JsonResponse(ack_of(posted), status=200 if posted.repeat else 201)
    return HttpResponseRedirect(_page_of(public_id) + "#newest")


@require_http_methods(["GET", "POST"])
@agent_required
def edit(request: AgentRequest, public_id: UUID, seq: int) -> HttpResponse:
    """Correct one's own answer or note; by GET the form for it."""

    def correct() -> Posted:
        body = forms.decoded(forms.EditForm, request)["body"]
        return edit_message(user=request.user, ticket=public_id, seq=seq, body=body)

    return _change(request, public_id, seq, correct, correction_context)


@require_http_methods(["GET", "POST"])
@agent_required
def redact(request: AgentRequest, public_id: UUID, seq: int) -> HttpResponse:
    """Remove the words of an entry for good; by GET what that means, and the form for it."""

    def remove() -> Posted:
        reason = forms.decoded(forms.RedactForm, request)["reason"]
        return redact_message(user=request.user, ticket=public_id, seq=seq, reason=reason)

    return _change(request, public_id, seq, remove, removal_context)


@require_POST
@agent_required
def assign(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """Take a ticket, or give it to a colleague."""
    try:
        wanted = forms.decoded(forms.AssignForm, request)["assignee"]
        assign_ticket(user=request.user, ticket=public_id, assignee_id=wanted)
    except DomainError as error:
        return _refused(request, public_id, error)
    return _moved(request, public_id)


@require_POST
@agent_required
def status(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """Solve a ticket, wait for its customer, put it back, close it."""
    try:
        set_status(user=request.user, ticket=public_id, **forms.decoded(forms.StatusForm, request))
    except DomainError as error:
        return _refused(request, public_id, error)
    return _moved(request, public_id)


@require_POST
@agent_required
def read(request: AgentRequest, public_id: UUID) -> HttpResponse:
    """Note how far the agent has read."""
    seq = forms.decoded(forms.ReadForm, request)["public_seq"]
    mark_read_by_agent(user=request.user, ticket=public_id, public_seq=seq)
    return HttpResponse(status=204)


@require_POST
@agent_required
def presence(request: AgentRequest) -> HttpResponse:
    """Go on shift, away or off shift."""
    if request.agent is None:
        raise NotAllowed("no_agent", _("You do not answer tickets, so you have no shift."))
    agent = set_presence(agent=request.agent, presence=forms.decoded(forms.PresenceForm, request)["presence"])
    if wants_json(request):
        return JsonResponse({"presence": agent.presence})
    return HttpResponseRedirect(reverse("console:queue"))


def _change(
    request: AgentRequest,
    public_id: UUID,
    seq: int,
    act: Callable[[], Posted],
    context_of: Callable[[User, UUID, int], dict[str, Any]],
) -> HttpResponse:
    """Do what was posted, or show its form; a refusal shows the form again with the reason, and keeps what was written."""
    again: dict[str, Any] = {}
    if request.method == "POST":
        try:
            posted = act()
        except Refused as error:
            if wants_json(request):
                raise
            again = {"problem": error.message, "draft": request.POST.get("body", request.POST.get("reason", ""))}
        else:
            if wants_json(request):
                return JsonResponse(ack_of(posted), status=200 if posted.repeat else 201)
            return HttpResponseRedirect(f"{_page_of(public_id)}#entry-{seq}")
    context = context_of(request.user, public_id, seq) | again
    return render(request, "console/entry_change.html", context, status=422 if again else 200)


def _moved(request: AgentRequest, public_id: UUID) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"ticket": str(public_id)})
    return HttpResponseRedirect(_page_of(public_id))


def _refused(request: AgentRequest, public_id: UUID, error: DomainError) -> HttpResponse:
    """A refusal as JSON, or as the ticket's page with what was written kept and the reason above it."""
    if wants_json(request) or isinstance(error, NotFound):
        return refusal(request, error)
    return _ticket_page(request, ticket_for(request.user, public_id), error)


def _ticket_page(request: AgentRequest, detail: TicketDetail, error: DomainError | None = None) -> HttpResponse:
    mine = detail.ticket.assignee_id == request.user.pk
    fallback = "mine" if mine else "all" if detail.ticket.assignee_id else "unassigned"
    context: dict[str, Any] = desk_context(request, view_of(request, fallback)) | ticket_context(request, detail)
    if error is not None:
        context |= {
            "problem": error.message,
            "missed": missed_lines(error.facts.get("missed")),
            "draft": request.POST.get("body", ""),
            "kind": request.POST.get("kind", ""),
            "client_id": request.POST.get("client_id") or context["client_id"],
        }
    return render(request, "console/desk.html", context, status=error.status if error else 200)


def _page_of(public_id: UUID) -> str:
    return reverse("console:ticket", args=[public_id])
