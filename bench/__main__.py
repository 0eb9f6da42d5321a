"""`make bench ARGS="chat ..."`: runs one of the measuring programs."""

import runpy
import sys
from pathlib import Path

PROGRAMS = {"chat": "chat/run.py"}


def main() -> None:
    """Run the program named first with the arguments after it; without a name, list them."""
    if len(sys.argv) < 2 or sys.argv[1] not in PROGRAMS:
        sys.exit(f"make bench ARGS='NAME ...' with NAME one of: {', '.join(PROGRAMS)}")
    sys.argv = [PROGRAMS[sys.argv[1]], *sys.argv[2:]]
    runpy.run_path(str(Path(__file__).parent / sys.argv[0]), run_name="__main__")


if __name__ == "__main__":
    main()
