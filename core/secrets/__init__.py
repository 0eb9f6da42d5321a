"""Finds what a customer must never hand over, and takes it out before anything is stored or shown."""

from core.secrets.scrubbing import Scrubbed, is_soon_read, scrub

__all__ = ["Scrubbed", "is_soon_read", "scrub"]
