#!/usr/bin/env python
"""Management commands. Without DATABASE_URL they work on the desk that `make run` keeps running."""

import os
import sys

from django.core.management import execute_from_command_line

from support_desk.embedded.state import adopt_environment


def main() -> None:
    """Find the desk, then hand over to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_desk.settings")
    adopt_environment(sys.argv[1:])
    if sys.argv[1:2] == ["migrate"]:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
