"""Reads the whole chain and says where it was tampered with."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.audit.chain import GENESIS, audit_key, mac_of
from core.audit.checkpoints import Line, read_checkpoints
from core.audit.models import Entry

#: Clocks are set right by small steps; what goes back further was turned back.
TOLERATED = timedelta(seconds=5)
#: Past so many findings the rest adds nothing.
MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One sign of tampering, at one number of the chain (or line of the checkpoint file).

    Kinds: ``changed`` (the entry is not what was written, or not by us), ``missing`` (a number has no entry),
    ``broken`` (not tied to the entry before), ``clock`` (the time went back), ``truncated`` (a checkpoint names an
    entry past the end), ``forked`` (a checkpoint names another entry under this number), ``checkpoint`` (the line is
    damaged, out of place or signed by another).
    """

    kind: str
    place: int


@dataclass(slots=True)
class Verdict:
    """What was read and what is wrong with it."""

    entries: int = 0
    checkpoints: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        """Nothing was found."""
        return not self.problems

    def report(self, kind: str, place: int) -> None:
        """Keep a finding, up to a sensible number."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(kind, place))


def verify_audit(*, now: datetime) -> Verdict:
    """Check every entry against its code, its neighbour, the clock and the checkpoints.

    Cost: one pass over the table, 2,000 rows at a time; about 20 us an entry.
    """
    lines = list(read_checkpoints())  # before the rows: entries added meanwhile are past every checkpoint
    walk = _Walk(now, Verdict(checkpoints=len(lines)), audit_key())
    for line in lines:
        walk.note(line)
    for entry in Entry.objects.order_by("sequence").iterator(chunk_size=2000):
        walk.check(entry)
    walk.finish()
    return walk.verdict


@dataclass(slots=True)
class _Walk:
    """What is remembered from one entry to the next."""

    now: datetime
    verdict: Verdict
    key: bytes
    noted: dict[int, set[str]] = field(default_factory=dict)
    last_note: int = 0
    noted_at: datetime | None = None
    sequence: int = 0
    mac: bytes = GENESIS
    at: datetime | None = None

    def note(self, line: Line) -> None:
        """Remember what a checkpoint names."""
        if line.checkpoint is None:
            self.verdict.report("checkpoint", line.number)
            return
        self.noted.setdefault(line.checkpoint.sequence, set()).add(line.checkpoint.mac)
        if line.checkpoint.sequence >= self.last_note:
            self.last_note, self.noted_at = line.checkpoint.sequence, line.checkpoint.moment

    def check(self, entry: Entry) -> None:
        """Compare one entry with everything that is known before it."""
        self.verdict.entries += 1
        mac = bytes(entry.mac)
        if entry.sequence != self.sequence + 1:
            self.verdict.report("missing", self.sequence + 1)
        if bytes(entry.previous) != self.mac:
            self.verdict.report("broken", entry.sequence)
        if not hmac.compare_digest(mac_of(entry, self.key), mac):
            self.verdict.report("changed", entry.sequence)
        if self._clock_went_back(entry):
            self.verdict.report("clock", entry.sequence)
        if self.noted.pop(entry.sequence, {mac.hex()}) != {mac.hex()}:
            self.verdict.report("forked", entry.sequence)
        self.sequence, self.mac, self.at = entry.sequence, mac, entry.at

    def finish(self) -> None:
        """What checkpoints name and nobody has seen."""
        for sequence in sorted(self.noted):
            self.verdict.report("truncated" if sequence > self.sequence else "missing", sequence)

    def _clock_went_back(self, entry: Entry) -> bool:
        after_note = self.noted_at if entry.sequence > self.last_note else None
        floors = [moment for moment in (self.at, after_note) if moment is not None]
        return any(entry.at < floor - TOLERATED for floor in floors) or self.now < entry.at - TOLERATED
