"""Another process with sockets: joins groups named on the command line, prints what it gets, echoes what it is told.

Run by tests: URL, then groups. A line "group seq text" on stdin is published.
"""

import asyncio
import sys

from core.hub import Frame, Hub


def say(line):
    """A line that the test reads at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Printer:
    """Prints each frame as one line."""

    def deliver(self, frame):
        """One line: group, number, bytes."""
        say(f"{frame.group} {frame.seq} {frame.data.decode()}")


async def main(url, groups):
    """Join, say ready, publish lines."""
    hub = Hub(url=url, prefix="t:", key=bytes(range(32)))
    printer = Printer()
    for group in groups:
        await hub.join(group, printer)
    say("ready")
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        group, seq, text = line.split()
        hub.publish([Frame(group, int(seq), "message", text.encode())])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
