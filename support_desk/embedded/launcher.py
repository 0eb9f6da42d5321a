"""`make run`: a whole desk from nothing. Servers, migrations, demo content, our processes; stops all of it, whatever happens.

Run as `python -m support_desk.embedded.launcher [--end-with-parent]`.
"""

import os
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from support_desk.embedded import parents, places, ports, ready, services, state, values
from support_desk.embedded.addresses import Addresses
from support_desk.embedded.guard import Guard
from support_desk.embedded.output import TerminalOutput
from support_desk.embedded.problems import CannotStart
from support_desk.embedded.processes import ProcessId, identify, is_alive, stop
from support_desk.embedded.servers import start_postgres, start_redis
from support_desk.embedded.state import State
from support_desk.embedded.supervisor import Supervisor

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LOOK_EVERY = 0.25
_told_to_end: list[int] = []


class Ended(BaseException):
    """A signal asked the launcher to end. Like KeyboardInterrupt, no `except Exception` may swallow it."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator chose through the environment."""

    data_dir: Path
    host: str
    ports: range
    mode: str

    @property
    def url(self) -> str:
        """The first web process."""
        return services.url_of(self.host, self.ports[0])


def read_options() -> Options:
    """DATA_DIR, HOST, PORT, WEB_PROCESSES, DESK_MODE. Raises: CannotStart for values that mean nothing."""
    port = ports.read_port(os.environ.get("PORT") or "8000")
    count = os.environ.get("WEB_PROCESSES") or "1"
    if not count.isdecimal() or not 1 <= int(count) <= 16:
        raise CannotStart(f"WEB_PROCESSES={count} is not a number from 1 to 16.")
    mode = os.environ.get("DESK_MODE") or "demo"
    if mode == "production" and not (_is_given("DATABASE_URL") and _is_given("REDIS_URL")):
        raise CannotStart(
            "The embedded servers are for demos and small trials. "
            "In production set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Options(
        state.data_dir_of(os.environ), os.environ.get("HOST") or "127.0.0.1", range(port, port + int(count)), mode
    )


def _is_given(name: str) -> bool:
    """Whether the operator set a value, or named a file that holds it."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


class Launch:
    """One run of the desk from start to stop."""

    def __init__(self, options: Options, output: TerminalOutput) -> None:
        self.options = options
        self.output = output
        self.environment: dict[str, str] = {}
        self.supervisor: Supervisor | None = None

    def run(self) -> None:
        """Start everything and stay until a signal or a failure. Raises: CannotStart, Ended."""
        places.make_data_dir(self.options.data_dir)
        (self.options.data_dir / "static").mkdir(exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(state.take_lock(self.options.data_dir))
            self._stop_leftovers()
            ports.check_free(self.options.host, self.options.ports)
            guard = Guard(secrets.token_hex(16))
            self.supervisor = supervisor = Supervisor(guard, self.output, self._save)
            stack.callback(self._stop, supervisor, guard)
            self._start_servers(supervisor, guard)
            self._prepare_database(supervisor)
            self._start_services(supervisor)
            self._stay(supervisor)

    def _stop_leftovers(self) -> None:
        """What a launcher left that died together with its guard (a power cut does not: then nothing runs)."""
        known = state.load(self.options.data_dir)
        if known is None:
            return
        until = time.monotonic() + 5
        while known.guard and is_alive(known.guard) and time.monotonic() < until:
            time.sleep(0.05)
        leftovers = known.leftovers()
        if leftovers:
            self.output.say(
                f"stopping what an earlier start left behind: {', '.join(child.name for child in leftovers)}"
            )
            stop(leftovers)
        state.forget(self.options.data_dir)

    def _start_servers(self, supervisor: Supervisor, guard: Guard) -> None:
        data_dir, given = self.options.data_dir, os.environ
        secret = values.load_or_make(data_dir) if self.options.mode != "production" else None
        chosen = {"DESK_MODE": self.options.mode, "DATA_DIR": str(data_dir), "PORT": str(self.options.ports[0])}
        chosen["PUBLIC_URL"] = given.get("PUBLIC_URL") or self.options.url
        wanted = [name for name in ("DATABASE_URL", "REDIS_URL") if not _is_given(name)]
        if wanted and secret:
            home = places.make_home(data_dir, guard)
            addresses = Addresses(home.sockets, secret)
            if "DATABASE_URL" in wanted:
                start_postgres(supervisor, home, addresses)
                chosen |= {"DATABASE_URL": addresses.app_url(), "OWNER_DATABASE_URL": addresses.owner_url()}
            if "REDIS_URL" in wanted:
                start_redis(supervisor, home, addresses)
                chosen["REDIS_URL"] = addresses.redis_url
        outside = ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS")
        self.environment = {name: given[name] for name in outside if name in given} | chosen
        if secret:
            os.environ.update({name: value for name, value in secret.environment().items() if name not in given})
        self._save()

    def _prepare_database(self, supervisor: Supervisor) -> None:
        owner = self.environment | {"DATABASE_ROLE": "owner"}
        supervisor.run(services.manage("migrate", "migrate", "--no-input", "--verbosity", "0", environment=owner))
        if self.options.mode == "production":
            supervisor.run(services.manage("check", "check", "--deploy", environment=self.environment))
        elif not (self.options.data_dir / ready.DEMO_FILE).exists():
            supervisor.run(services.manage("seed", "seed_demo", environment=self.environment))

    def _start_services(self, supervisor: Supervisor) -> None:
        options = self.options
        own_url = "PUBLIC_URL" not in os.environ
        for spec in services.specs(self.environment, host=options.host, ports=options.ports, own_url=own_url):
            supervisor.start(spec)
        for number, port in enumerate(options.ports):
            name = services.web_name(number)
            ready.wait_until_ready(options.host, port, ended=partial(supervisor.check_running, name))
        for line in ready.announcement(self.environment["PUBLIC_URL"], options.data_dir):
            self.output.say(line, colour="bold green")

    def _stay(self, supervisor: Supervisor) -> None:
        while not _told_to_end:
            time.sleep(LOOK_EVERY)
            for sentence in supervisor.tend():
                self.output.say(sentence, colour="bold yellow")

    def _stop(self, supervisor: Supervisor, guard: Guard) -> None:
        _told_to_end.append(0)
        self.output.say("stopping")
        supervisor.stop()
        guard.close()
        state.forget(self.options.data_dir)

    def _save(self) -> None:
        if self.supervisor is None:
            return
        state.save(
            self.options.data_dir,
            State(
                boot=state.boot_id(),
                launcher=identify(os.getpid()) or ProcessId(os.getpid(), 0),
                guard=self.supervisor.guard.process,
                children=tuple(self.supervisor.children),
                environment=self.environment,
                secrets=str(self.options.data_dir / values.FILE_NAME),
            ),
        )


def _end(number: int, _frame: FrameType | None) -> None:
    if _told_to_end:
        return  # already on the way
    _told_to_end.append(number)  # seen by the loop even if the exception is lost in a finalizer
    raise Ended(signal.Signals(number).name)


def main(arguments: Sequence[str]) -> int:
    """Run a desk until it is told to end. Returns the exit code: 0 for a wish, 1 for a failure."""
    output = TerminalOutput()
    try:
        for ending in ENDING_SIGNALS:
            signal.signal(ending, _end)
        if "--end-with-parent" in arguments:
            parents.end_with_parent()
        Launch(read_options(), output).run()
    except Ended:
        return 0
    except CannotStart as problem:
        output.say(str(problem), colour="bold red")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
