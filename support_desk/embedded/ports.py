"""TCP ports of the web processes: the only ports a desk opens."""

import socket

from support_desk.embedded.problems import CannotStart


def read_port(text: str) -> int:
    """The port a person asked for. Raises: CannotStart unless it is 1 to 65535."""
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise CannotStart(f"PORT={text} is not a port number. Choose one from 1024 to 65535.")
    return int(text)


def check_free(host: str, ports: range) -> None:
    """Raises: CannotStart naming the first port that another program holds."""
    for port in ports:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
            except OSError as problem:
                raise CannotStart(
                    f"Port {port} on {host} cannot be opened ({problem.strerror}). "
                    f"Stop the program that uses it, or choose another: PORT={port + 10} make run"
                ) from None


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody uses at this moment, for tests."""
    with socket.socket() as trial:
        trial.bind((host, 0))
        return int(trial.getsockname()[1])
