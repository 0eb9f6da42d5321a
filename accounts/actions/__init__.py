"""Every write to accounts' tables, one noun a module."""
