"""The refusals that actions raise and edges turn into answers.

An edge shows ``code`` to programs (it never changes) and ``message`` to people (translated, names the cause).
``facts`` are details that a program may need, such as a limit or the missed messages; they are shown to the same
person as the message.
"""

from django.utils.functional import Promise

Sentence = str | Promise


class DomainError(Exception):
    """Something a person asked for is not done, for a reason that they are told."""

    status = 400

    def __init__(self, code: str, message: Sentence, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = message
        self.facts = facts

    @property
    def message(self) -> str:
        """The sentence in the language that is active now, so that an error raised in a worker thread is shown as its
        reader wants.
        """
        return str(self.sentence)

    def __str__(self) -> str:
        return self.code


class NotFound(DomainError):
    """There is no such thing for this person; also the answer for what belongs to a stranger."""

    status = 404


class NotAllowed(DomainError):
    """The person may see it but may not do this to it."""

    status = 403


class Refused(DomainError):
    """The request is understood but breaks a rule."""

    status = 422


class Conflict(DomainError):
    """The thing has changed since the person looked at it, or the id is already used for something else."""

    status = 409


class TooMany(DomainError):
    """A limit is used up; ``retry_after`` says in how many seconds a try has a chance."""

    status = 429

    def __init__(self, code: str, message: Sentence, *, retry_after: int, **facts: object) -> None:
        super().__init__(code, message, retry_after=retry_after, **facts)
        self.retry_after = retry_after


class TransientError(Exception):
    """Something outside is away for a moment (a database that restarts): the only error that is retried."""
