"""A reactions table for tests of publishing."""

from core.publishing import Reaction, always

REACTIONS = {"message_posted": (Reaction(always, "tests.answer"),)}
