from core.hub import Frame
from core.windows import PAGE, REPEATS, WINDOW, NumberedStream


def frame(seq):
    return Frame("thread", seq, "message", b"{}")


def frames(first, last):
    return [frame(seq) for seq in range(first, last + 1)]


def sequence(sending):
    return [sent.seq for sent in sending]


def test_the_next_number_is_sent_at_once_and_once():
    stream = NumberedStream("thread", 0)
    assert stream.offer(frame(1))
    assert not stream.offer(frame(1))
    assert stream.offer(frame(2))
    assert (stream.sent, stream.wants_reading) == (2, False)


def test_a_hole_is_read_from_the_database():
    stream = NumberedStream("thread", 3)
    assert not stream.offer(frame(6))
    assert stream.next_read() == (3, WINDOW)
    assert sequence(stream.take(frames(4, 6), 3, WINDOW)[0]) == [4, 5, 6]
    assert not stream.wants_reading


def test_frames_that_arrive_during_a_read_follow_it():
    stream = NumberedStream("thread", 0)
    stream.ask(0)
    stream.reading = True
    assert not stream.offer(frame(3))
    assert not stream.offer(frame(4))
    sending, more = stream.take(frames(1, 3), *stream.next_read())
    assert (sequence(sending), more) == ([1, 2, 3, 4], False)
    assert not stream.wants_reading


def test_a_read_that_came_too_early_is_repeated():
    stream = NumberedStream("thread", 0)
    stream.ask(0)
    stream.reading = True
    stream.offer(frame(5))
    sending, _ = stream.take(frames(1, 3), *stream.next_read())
    assert sequence(sending) == [1, 2, 3]
    assert stream.next_read() == (3, WINDOW - 3)
    assert sequence(stream.take(frames(4, 5), 3, 61)[0]) == [4, 5]


def test_a_full_window_keeps_only_the_number():
    stream = NumberedStream("thread", 0)
    assert [seq for seq in range(1, 500) if stream.offer(frame(seq))] == list(range(1, WINDOW + 1))
    assert (stream.sent, stream.known, stream.room, stream.wants_reading) == (64, 499, 0, False)
    stream.acknowledge(60)
    assert stream.next_read() == (64, 60)
    assert sequence(stream.take(frames(65, 124), 64, 60)[0]) == list(range(65, 125))
    assert not stream.wants_reading
    stream.acknowledge(10**9)
    assert stream.next_read() == (124, 64)


def test_a_page_ends_with_more_and_waits_to_be_asked():
    stream = NumberedStream("thread", 0)
    stream.ask(0)
    after, limit = stream.next_read()
    assert (after, limit) == (0, PAGE + 1)
    sending, more = stream.take(frames(1, PAGE + 1), after, limit)
    assert (sequence(sending), more) == (list(range(1, 201)), True)
    stream.acknowledge(200)
    assert not stream.wants_reading
    assert not stream.offer(frame(202))
    assert stream.ask(200)
    sending, more = stream.take(frames(201, 202), *stream.next_read())
    assert (sequence(sending), more, stream.wants_reading) == ([201, 202], False, False)
    assert stream.offer(frame(203))


def test_asking_again_during_a_read_drops_what_was_read():
    stream = NumberedStream("thread", 0)
    stream.offer(frame(9))
    after, limit = stream.next_read()
    stream.reading = True
    stream.ask(5)
    assert stream.take(frames(1, 9), after, limit) == ([], False)
    assert sequence(stream.take(frames(6, 9), *stream.next_read())[0]) == [6, 7, 8, 9]


def test_asking_without_moving_on_is_answered_a_few_times_only():
    stream = NumberedStream("thread", 10)
    assert [stream.ask(10) for _ in range(REPEATS + 2)] == [True] * (REPEATS + 1) + [False]
    moving = NumberedStream("thread", 0)
    assert all(moving.ask(seq) for seq in range(300))
    assert [moving.ask(seq) for seq in (5, 299, 5, 299)] == [True, True, True, False]


def test_a_number_that_the_database_does_not_have_is_forgotten():
    stream = NumberedStream("thread", 0)
    stream.announce(5)
    assert stream.take([], *stream.next_read()) == ([], False)
    assert not stream.wants_reading
