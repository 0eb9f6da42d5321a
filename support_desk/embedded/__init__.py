"""Starts a whole desk on one machine: PostgreSQL and Redis from the wheels, then our own processes. Knows nothing of Django."""
