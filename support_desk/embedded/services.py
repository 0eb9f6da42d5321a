"""Our own processes: one literal table, read by the launcher and by the tests that need real ones."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support_desk.embedded.supervisor import Spec

FRAME_LIMIT = "65536"
PYTHON = sys.executable
CELERY = (PYTHON, "-m", "celery", "-q", "-A", "support_desk")

# Daphne's own limits are 1 MiB; a socket may stay open as long as it answers pings.
DAPHNE = (
    PYTHON, "-m", "daphne", "-v", "0", "--no-server-name",
    "--websocket_timeout", "-1", "--ping-interval", "20", "--ping-timeout", "30",
    "--websocket-max-message-size", FRAME_LIMIT, "--websocket-max-frame-size", FRAME_LIMIT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Service:
    """One kind of process. Those that listen get `-b HOST -p PORT application` behind their command, one port each."""

    name: str
    colour: str
    command: tuple[str, ...]
    listens: bool = False


SERVICES = (
    Service("web", "cyan", DAPHNE, listens=True),
    Service(
        "worker", "green",
        (*CELERY, "worker", "--pool", "threads", "--concurrency", "4", "-Q", "fast,out,slow", "--loglevel", "WARNING",
         "--without-mingle", "--without-gossip"),
    ),
    Service("beat", "magenta", (*CELERY, "beat", "--loglevel", "WARNING")),
)  # fmt: skip


def web_name(number: int) -> str:
    """The name of the n-th web process, counted from 0: web, web-2, web-3."""
    return "web" if number == 0 else f"web-{number + 1}"


def specs(environment: Mapping[str, str], *, host: str, ports: Sequence[int], own_url: bool = True) -> list[Spec]:
    """Everything to start, in order. With `own_url` each web process takes its own address for its PUBLIC_URL."""
    found = []
    for service in SERVICES:
        if not service.listens:
            found.append(Spec(service.name, "app", service.command, service.colour, environment))
            continue
        for number, port in enumerate(ports):
            found.append(_web(service, environment, web_name(number), host, port, own_url=own_url))
    return found


def _web(service: Service, environment: Mapping[str, str], name: str, host: str, port: int, *, own_url: bool) -> Spec:
    command = (*service.command, "-b", host, "-p", str(port), "support_desk.asgi:application")
    own = {"PORT": str(port)} | ({"PUBLIC_URL": url_of(host, port)} if own_url else {})
    return Spec(name, "app", command, service.colour, {**environment, **own})


def url_of(host: str, port: int) -> str:
    """The address a browser on this machine uses."""
    shown = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host  # noqa: S104 compared, not opened
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def manage(name: str, *arguments: str, environment: Mapping[str, str], colour: str = "yellow") -> Spec:
    """A management command as a child."""
    script = Path(__file__).resolve().parent.parent.parent / "manage.py"
    return Spec(name, "app", (PYTHON, os.fspath(script), *arguments), colour, environment)
