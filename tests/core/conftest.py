"""Hypothesis judges answers here, not time: the tests share their machine."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
