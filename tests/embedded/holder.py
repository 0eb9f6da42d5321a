"""Holds the embedded servers of a directory up until it is killed. Run as `python -m tests.embedded.holder DIRECTORY`."""

import sys
import time
from pathlib import Path

from support_desk.embedded.servers import embedded_servers

if __name__ == "__main__":
    with embedded_servers(Path(sys.argv[1]), safely=False) as servers:
        sys.stdout.write(f"{servers.addresses.superuser_url()}\n")
        sys.stdout.flush()
        while True:
            time.sleep(60)
