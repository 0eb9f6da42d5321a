"""How a chat begins, and how it begins again."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent, Customer, DataKey, Team
from core.errors import Refused, TransientError
from core.publishing import publish_on_commit
from tickets.actions.moves import move_to_agent, move_to_queue
from tickets.actions.thread import Appended
from tickets.choices import Channel, TicketStatus
from tickets.models import Ticket
from tickets.rendering import opened_frame
from tickets.rules import next_after_customer_message


def lock_customer(customer: Customer) -> Customer:
    """The customer's row, locked: orders everything that one customer begins. Call inside a transaction.

    Raises: TransientError for one whose history just joined another's; their session has ended, and what was under way is
    sent again by the next one.
    """
    locked = Customer.objects.locked().select_related("site").get(pk=customer.pk)
    if locked.joined_into_id is not None:
        raise TransientError("joined")
    return locked


def live_ticket_for_writing(customer: Customer, *, language: str) -> Ticket:
    """The customer's live chat, locked; opened if there is none.

    Two tabs, two processes or a double submit agree on one ticket: the customer is locked, and a unique constraint
    stands behind it. Locks: the ticket; the customer must be locked (`lock_customer`).
    """
    ticket = Ticket.objects.of_customer(customer).live().locked().select_related("data_key").first()
    return ticket or _open(customer, language)


def reopen_if_solved(ticket: Ticket) -> list[Appended]:
    """Bring a solved ticket back: to its agent if that agent is here, else into the queue. The entries it added."""
    if ticket.status != TicketStatus.SOLVED:
        return []
    agent = Agent.objects.present().select_related("user").filter(pk=ticket.assignee_id).first()
    ticket.solved_at = None
    following = next_after_customer_message(ticket.status, has_present_assignee=agent is not None)
    if agent is not None and following == TicketStatus.ASSIGNED:
        return [move_to_agent(ticket, agent, why={"rule": "reopened"})]
    return [move_to_queue(ticket, "reopened")]


def team_of(customer: Customer) -> Team:
    """The team that takes a new ticket of a site. Raises: Refused `no_team` for a site nobody answers for."""
    team = Team.objects.filter(Q(sites=customer.site_id) | Q(is_default=True)).order_by("-is_default", "pk").first()
    if team is None:
        raise Refused("no_team", _("Nobody answers for this site yet. Please write an e-mail instead."))
    return team


def _open(customer: Customer, language: str) -> Ticket:
    key = DataKey.objects.filter(customer=customer).order_by("pk").first()
    if key is None:
        raise Refused("erased", _("The data of this customer was erased. Please start again."))
    earlier = Ticket.objects.of_customer(customer).filter(status=TicketStatus.CLOSED).order_by("-pk").first()
    ticket = Ticket.objects.create(
        site=customer.site,
        customer=customer,
        data_key=key,
        team=team_of(customer),
        channel=Channel.CHAT,
        status=TicketStatus.BOT,
        language=language or customer.language or customer.site.default_language,
        follow_up_of=earlier,
    )
    publish_on_commit([opened_frame(customer.pk, ticket.public_id)])
    return ticket
