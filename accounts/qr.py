"""QR codes as numbers for a template to draw, so that no markup is made from text."""

from dataclasses import dataclass

import segno

QUIET_ZONE = 4  # modules of white around it (ISO/IEC 18004, 9.1)


@dataclass(frozen=True, slots=True)
class QrPicture:
    """A square of so many modules, and the dark ones as the path data of an SVG."""

    size: int
    path: str


def qr_picture(text: str) -> QrPicture:
    """Draw a text. Pure."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=QUIET_ZONE)]
    runs = [f"M{start} {y}.5h{length}" for y, row in enumerate(rows) for start, length in _runs(row)]
    return QrPicture(len(rows), "".join(runs))


def _runs(row: list[int]) -> list[tuple[int, int]]:
    """Where dark modules begin in a row, and how many follow each other."""
    found: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if dark and found and sum(found[-1]) == x:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((x, 1))
    return found
