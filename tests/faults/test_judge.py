"""The judge finds each kind of broken promise in a doctored history, and none in an honest one."""

from copy import deepcopy
from dataclasses import replace

import pytest

from tests.faults.judge import History, Line, judge

THREAD = [Line(1, "a", "one"), Line(2, "", "handed_over"), Line(3, "b", "two"), Line(4, "x", "answer")]


def honest():
    """A customer with two messages, an agent with one; both saw all."""
    customer = History("customer", [("a", "one"), ("b", "two")], [("a", 1), ("b", 3), ("b", 3)], list(THREAD))
    agent = History("agent", [("x", "answer")], [("x", 4)], list(THREAD))
    return customer, agent, list(THREAD)


def test_an_honest_run_breaks_nothing():
    customer, agent, thread = honest()
    assert judge([customer, agent], thread) == []


def test_a_message_without_an_ack_may_be_stored_or_not():
    customer, agent, thread = honest()
    customer.acks.clear()
    customer.sent.append(("c", "never arrived"))
    assert judge([customer, agent], thread) == []


def lose_an_acked_message(customer, agent, thread):
    del thread[3]
    agent.seen.pop()
    customer.seen.pop()


def store_twice(customer, agent, thread):
    again = Line(5, "a", "one")
    for lines in (thread, customer.seen, agent.seen):
        lines.append(again)


def leave_a_hole(customer, agent, thread):
    for lines in (thread, customer.seen, agent.seen):
        lines[3] = replace(lines[3], number=5)
    agent.acks[0] = ("x", 5)


def swap_an_author(customer, agent, thread):
    customer.sent.reverse()


def acknowledge_another_number(customer, agent, thread):
    customer.acks.append(("b", 4))


def acknowledge_what_was_not_sent(customer, agent, thread):
    customer.acks.append(("x", 4))


def store_other_words(customer, agent, thread):
    for lines in (thread, customer.seen, agent.seen):
        lines[0] = replace(lines[0], text="changed")


def store_a_strangers_words(customer, agent, thread):
    for lines in (thread, customer.seen, agent.seen):
        lines.append(Line(5, "stranger", "psst"))


def miss_the_last(customer, agent, thread):
    agent.seen.pop()


def miss_one_in_the_middle(customer, agent, thread):
    del agent.seen[1]


def see_twice(customer, agent, thread):
    agent.seen.insert(2, agent.seen[1])


def see_out_of_order(customer, agent, thread):
    agent.seen[1], agent.seen[2] = agent.seen[2], agent.seen[1]


def see_other_words(customer, agent, thread):
    agent.seen[0] = replace(agent.seen[0], text="something else")


def see_a_ghost(customer, agent, thread):
    agent.seen.append(Line(5, "ghost", "boo"))


@pytest.mark.parametrize(
    ("doctor", "verdict"),
    [
        (lose_an_acked_message, "agent: x was acknowledged and is lost"),
        (store_twice, "a is stored 2 times"),
        (leave_a_hole, "the numbers are not dense: 5 after 3"),
        (swap_an_author, "customer: what was sent earlier stands later: 3 after 0"),
        (acknowledge_another_number, "customer: b was acknowledged as 4 and is 3"),
        (acknowledge_what_was_not_sent, "customer: x was acknowledged and never sent"),
        (store_other_words, "customer: a is stored with other words"),
        (store_a_strangers_words, "number 5 was sent by none of them"),
        (miss_the_last, "agent: never saw number 4"),
        (miss_one_in_the_middle, "agent: saw numbers twice, out of order or not at all: 3 after 1"),
        (see_twice, "agent: saw numbers twice, out of order or not at all: 2 after 2"),
        (see_out_of_order, "agent: saw numbers twice, out of order or not at all: 3 after 1"),
        (see_other_words, "agent: saw something else as number 1"),
        (see_a_ghost, "agent: saw number 5, which is not stored"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_doctored_run_is_found(doctor, verdict):
    customer, agent, thread = deepcopy(honest())
    doctor(customer, agent, thread)
    assert verdict in judge([customer, agent], thread)
