"""When a desk is ready, and what its operator is told then."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from support_desk.embedded.problems import CannotStart

DEMO_FILE = "demo.json"
PAGES = (("Demo exchange with the chat", "/demo/"), ("Agents", "/console/"), ("Administration", "/admin/"))


def wait_until_ready(host: str, port: int, *, ended: Callable[[], None], seconds: float = 120) -> None:
    """Return when a web process says it is ready. `ended` raises when it has died. Raises: CannotStart when it takes too long."""
    address = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 compared, not opened
    until = time.monotonic() + seconds
    while True:
        answer = _ask(address, port)
        if answer == http.client.OK:
            return
        ended()
        if time.monotonic() > until:
            raise CannotStart(
                f"The web process on port {port} was not ready within {seconds:.0f} s (last answer: {answer})."
            )
        time.sleep(0.1)


def _ask(host: str, port: int) -> int | None:
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.request("GET", "/healthz/ready", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def announcement(url: str, data_dir: Path) -> Iterator[str]:
    """The lines that tell the operator where everything is and how to sign in."""
    yield f"ready: {url}/"
    for title, path in PAGES:
        yield f"  {title}: {url}{path}"
    for person in _demo_people(data_dir):
        yield f"  Sign in as {person['role']}: {person['email']}  password {person['password']}  code: {person['totp_command']}"


def _demo_people(data_dir: Path) -> list[dict[str, str]]:
    try:
        people = json.loads((data_dir / DEMO_FILE).read_text())
    except (OSError, ValueError):
        return []
    wanted = {"role", "email", "password", "totp_command"}
    return [person for person in people if isinstance(person, dict) and wanted <= person.keys()]
