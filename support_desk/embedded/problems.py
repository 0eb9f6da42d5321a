"""What keeps a desk from starting."""


class CannotStart(Exception):
    """The start was given up; the text tells the operator why and what to do about it."""
