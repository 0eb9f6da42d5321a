"""Tables of accounts, one noun a module."""

from accounts.models.customers import Customer, CustomerSession, DataKey, EmailAddress, UsedToken
from accounts.models.devices import RecoveryCode, RecoveryDevice, SpentTicket, TotpDevice
from accounts.models.people import Agent, Grant, Team, User
from accounts.models.sites import Issuer, IssuerKey, Site, SitePolicy

__all__ = [
    "Agent",
    "Customer",
    "CustomerSession",
    "DataKey",
    "EmailAddress",
    "Grant",
    "Issuer",
    "IssuerKey",
    "RecoveryCode",
    "RecoveryDevice",
    "Site",
    "SitePolicy",
    "SpentTicket",
    "Team",
    "TotpDevice",
    "UsedToken",
    "User",
]
