"""Tickets and their threads: what is asked, answered, and by whom it is carried."""
