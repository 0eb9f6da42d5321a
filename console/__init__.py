"""The agents' pages and their socket; no tables."""
