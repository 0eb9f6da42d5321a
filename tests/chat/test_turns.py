"""Messages of one socket keep their order, whichever way each of them is stored."""

import asyncio
from uuid import uuid4

import pytest

from chat.turns import MOST_WAITING, Turns
from core.errors import Refused, TooMany, TransientError
from tickets.posted import NeedsOrdinary


class Lanes:
    """A fast way whose landings the test decides, and an ordinary way that notes the order."""

    def __init__(self):
        self.flights = []
        self.stored = []
        self.turns = Turns(self.submit)
        self.gate = asyncio.Event()
        self.gate.set()

    def submit(self, draft):
        flight = asyncio.get_running_loop().create_future()
        self.flights.append((draft, flight))
        return flight

    def fast(self, name):
        return self.turns.post(name, lambda: self._store(name))

    def slow(self, name, error=None):
        return self.turns.post(None, lambda: self._store(name, error))

    async def _store(self, name, error=None):
        await self.gate.wait()
        self.stored.append(name)
        if error:
            raise error
        return name

    def land(self, name, error=None):
        flight = next(flight for draft, flight in self.flights if draft == name)
        if error:
            flight.set_exception(error)
        else:
            self.stored.append(name)
            flight.set_result(name)


async def settled(*answers):
    return await asyncio.wait_for(asyncio.gather(*answers, return_exceptions=True), 2)


async def test_fast_messages_fly_at_once():
    lanes = Lanes()
    answers = [lanes.fast(name) for name in "abc"]
    assert [draft for draft, _ in lanes.flights] == ["a", "b", "c"]
    for name in "abc":
        lanes.land(name)
    assert await settled(*answers) == ["a", "b", "c"]
    assert lanes.turns.may_fly


async def test_an_ordinary_message_waits_for_what_flies_and_holds_back_the_rest():
    lanes = Lanes()
    first, second = lanes.fast("a"), lanes.slow("b")
    assert not lanes.turns.may_fly
    third = lanes.slow("c")
    await asyncio.sleep(0.01)
    assert lanes.stored == []
    lanes.land("a")
    assert await settled(first, second, third) == ["a", "b", "c"]
    assert lanes.stored == ["a", "b", "c"]
    await asyncio.sleep(0)
    assert lanes.turns.may_fly


async def test_refused_flights_go_back_to_their_own_places():
    lanes = Lanes()
    answers = [lanes.fast(name) for name in "abc"]
    lanes.land("a", NeedsOrdinary())
    await asyncio.sleep(0)
    answers.append(lanes.slow("d"))
    lanes.land("c", NeedsOrdinary())
    lanes.land("b", NeedsOrdinary())
    assert await settled(*answers) == ["a", "b", "c", "d"]
    assert lanes.stored == ["a", "b", "c", "d"]


async def test_one_failure_is_its_own():
    lanes = Lanes()
    answers = [lanes.slow("a", TransientError("database")), lanes.slow("b", Refused("empty", "x")), lanes.slow("c")]
    failed, refused, stored = await settled(*answers)
    assert (type(failed), type(refused), stored) == (TransientError, Refused, "c")
    assert lanes.stored == ["a", "b", "c"]


async def test_the_fast_ways_own_refusals_are_passed_on():
    lanes = Lanes()
    answer = lanes.fast("a")
    lanes.land("a", TransientError("database"))
    assert [type(error) for error in await settled(answer)] == [TransientError]
    assert lanes.stored == []


async def test_the_line_has_an_end():
    lanes = Lanes()
    lanes.gate.clear()
    answers = [lanes.slow(str(number)) for number in range(MOST_WAITING)]
    await asyncio.sleep(0)  # the first is on its way
    answers.append(lanes.slow(str(MOST_WAITING)))
    with pytest.raises(TooMany):
        lanes.slow("one too many")
    lanes.gate.set()
    assert lanes.stored == []
    await settled(*answers)
    assert lanes.stored == [str(number) for number in range(MOST_WAITING + 1)]


async def test_an_answer_nobody_waits_for_any_more_harms_nothing():
    lanes = Lanes()
    answer, other = lanes.fast(str(uuid4())), lanes.slow("b")
    answer.cancel()
    lanes.land(lanes.flights[0][0])
    assert await settled(other) == ["b"]
