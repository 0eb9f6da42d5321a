"""Every write to tickets and threads."""
