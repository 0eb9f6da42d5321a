"""Sealing of what the database must not be able to read: AES-GCM under keys that live outside it."""
