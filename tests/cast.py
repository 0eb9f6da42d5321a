"""The standing cast of the tests: a site, its people, its customers, as the product's own actions make them."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from accounts.actions.people import create_agent
from accounts.actions.presence import set_presence
from accounts.actions.sessions import OpenedSession, open_session
from accounts.actions.sites import create_site
from accounts.choices import Presence
from accounts.models import Agent, Customer, CustomerSession, Site
from accounts.recording import COMMAND_LINE
from core.db import utc_now
from tickets.actions.handover import ask_for_human
from tickets.actions.messages import post_customer_message
from tickets.models import Message, Ticket
from tickets.posted import CustomerDraft, Posted
from tickets.sealing import TicketSeal

PASSWORD = "correct-horse-battery"


def make_site(key: str = "larkfield", team: str = "Support") -> Site:
    """A site that the default team answers for."""
    return create_site(key=key, name=key.title(), origins=["https://exchange.example"], origin=COMMAND_LINE)


def make_agent(email: str = "owner@desk.example", *, present: bool = True, **more) -> Agent:
    """An agent, on shift unless told otherwise."""
    agent = create_agent(
        email=email, password=PASSWORD, totp_secret=more.pop("totp_secret", None), origin=COMMAND_LINE, **more
    )
    if present:
        set_presence(agent=agent, presence=Presence.ONLINE)
    return Agent.objects.select_related("user").get(pk=agent.pk)


@dataclass
class Browser:
    """A customer with the session of one browser."""

    opened: OpenedSession

    @property
    def customer(self) -> Customer:
        return self.opened.customer

    @property
    def session(self) -> CustomerSession:
        return self.opened.session

    @property
    def token(self) -> str:
        return self.opened.token

    def says(self, body: str, client_id: UUID | None = None, language: str = "en") -> Posted:
        """Sends one message by the ordinary action."""
        return post_customer_message(
            customer=self.customer,
            session_assurance=self.session.assurance,
            client_id=client_id or uuid4(),
            body=body,
            language=language,
        )

    def asks_for_human(self, client_id: UUID | None = None) -> Posted:
        """Uses the button."""
        return ask_for_human(
            customer=self.customer,
            session_assurance=self.session.assurance,
            client_id=client_id or uuid4(),
            language="en",
        )

    def ticket(self) -> Ticket:
        """The newest ticket, as it stands in the database now."""
        return Ticket.objects.select_related("data_key").filter(customer=self.customer).latest("pk")

    def draft(self, text: str, client_id: UUID | None = None, ticket: Ticket | None = None) -> CustomerDraft:
        """A message as the socket hands it to the fast path."""
        ticket = ticket or self.ticket()
        seal, client_id = TicketSeal.of(ticket), client_id or uuid4()
        return CustomerDraft(
            ticket_pk=ticket.pk,
            ticket=ticket.public_id,
            customer_pk=self.customer.pk,
            customer_name=self.customer.name,
            client_id=client_id,
            body=seal.seal_body(text, "customer", self.customer.pk, client_id),
            preview=seal.seal_preview(text),
            digest=seal.digest(text),
            assurance=self.session.assurance,
            language="en",
            text=text,
        )


def make_browser(site: Site, language: str = "en") -> Browser:
    """A new anonymous customer in a browser."""
    return Browser(open_session(site=site, identity=None, resume=None, language=language, now=utc_now()))


def numbers_of(ticket: Ticket) -> tuple[list[int], list[int]]:
    """All numbers and all public numbers of a thread, in order of the rows."""
    rows = list(Message.objects.filter(ticket=ticket).order_by("seq").values_list("seq", "public_seq"))
    return [seq for seq, _public in rows], [public for _seq, public in rows if public is not None]
