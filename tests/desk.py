"""Real processes of a desk for tests: web servers on free loopback ports, a worker, stopped by pid at the end."""

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from support_desk.embedded.guard import Guard
from support_desk.embedded.output import FileOutput
from support_desk.embedded.ports import free_port
from support_desk.embedded.processes import is_alive, send
from support_desk.embedded.services import specs, url_of
from support_desk.embedded.supervisor import Spec, Supervisor

HOST = "127.0.0.1"
READY_WITHIN = 60.0


class RunningDesk:
    """Web processes `web`, `web-2` ..., and `worker` and `beat` when asked for."""

    def __init__(self, supervisor: Supervisor, planned: list[Spec], urls: list[str], logs: Path) -> None:
        self._supervisor = supervisor
        self._specs = {spec.name: spec for spec in planned}
        self.base_urls = urls
        self.logs = logs

    @property
    def base_url(self) -> str:
        """The first web process."""
        return self.base_urls[0]

    @property
    def pids(self) -> dict[str, int]:
        """Process numbers by name."""
        return {child.name: child.process.pid for child in self._supervisor.children}

    def log(self, name: str) -> str:
        """Everything a process has written so far, over all its lives."""
        return (self.logs / f"{name}.log").read_text(errors="replace")

    def start(self, *names: str) -> None:
        """Start processes (again), on the ports they had. Returns before they are ready."""
        for name in names:
            self._supervisor.start(self._specs[name])

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL, *, wait: bool = True) -> None:
        """Signal one process; with `wait` return when it is gone."""
        child = next(child for child in self._supervisor.children if child.name == name)
        send(child.process, how)
        until = time.monotonic() + 25  # the desk promises 20 s for commits under way, then it ends
        while wait and is_alive(child.process):
            if time.monotonic() > until:
                raise TimeoutError(f"{name} lives on after {how.name}")
            time.sleep(0.02)

    def wait_until_ready(self) -> None:
        """Return when every web process answers that it is ready. Raises: what a dead process wrote."""
        until = time.monotonic() + READY_WITHIN
        names = [name for name in self._specs if name.startswith("web")]
        for name, url in zip(names, self.base_urls, strict=True):
            while not _is_ready(url):
                alive = any(child.name == name and is_alive(child.process) for child in self._supervisor.children)
                if not alive or time.monotonic() > until:
                    raise RuntimeError(f"{name} is not ready:\n{self.log(name)}")
                time.sleep(0.1)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz/ready", timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@contextmanager
def running_desk(
    environment: Mapping[str, str], logs: Path, *, web: int = 1, worker: bool = False, beat: bool = False
) -> Iterator[RunningDesk]:
    """A desk of real processes against the given database and Redis, ready when the block begins."""
    guard = Guard(f"test-{time.monotonic_ns()}")
    supervisor = Supervisor(guard, FileOutput(logs))
    wanted = {"web"} | ({"worker"} if worker else set()) | ({"beat"} if beat else set())
    ports = [free_port(HOST) for _ in range(web)]
    planned = [spec for spec in specs(environment, host=HOST, ports=ports) if spec.name.split("-")[0] in wanted]
    desk = RunningDesk(supervisor, planned, [url_of(HOST, port) for port in ports], logs)
    try:
        desk.start(*(spec.name for spec in planned))
        desk.wait_until_ready()
        yield desk
    finally:
        supervisor.stop()
        guard.close()
