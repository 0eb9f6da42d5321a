"""Measuring programs. They may look at the shared tools beside the project; the product never does."""
