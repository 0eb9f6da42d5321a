"""Composition: settings, addresses, processes, who reacts to what."""
