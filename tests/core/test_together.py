"""Threads that come while another works are done together, and nobody waits for ever."""

import threading

import pytest

from apps.core.together import Together
from tests.support.racing import PATIENCE_SECONDS, Racer


def anybody(items, item):
    return True


class Work:
    """Notes each company; the first may be held until the test lets go."""

    def __init__(self):
        self.companies = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, items):
        self.companies.append(list(items))
        if len(self.companies) == 1:
            self.begun.set()
            assert self.go_on.wait(PATIENCE_SECONDS)
        return [item * 10 for item in items]


def queue_up(together, items):
    """Send the items one after the other; each is in the queue before the next comes."""
    racers = []
    for count, item in enumerate(items, start=1):
        racers.append(Racer(lambda item=item: together.do(item)))
        racers[-1].start()
        for _ in range(2000):
            if len(together._waiting) == count:
                break
            threading.Event().wait(0.005)
        else:
            raise AssertionError(f"{item} never came into the queue")
    return racers


def while_one_is_done(work, items, *, fits=anybody):
    """The first is at work; the items come meanwhile. What became of all."""
    together = Together(work, fits=fits)
    first = Racer(lambda: together.do(1))
    first.start()
    assert work.begun.wait(PATIENCE_SECONDS)
    racers = [first, *queue_up(together, items)]
    work.go_on.set()
    for racer in racers:
        racer.join(PATIENCE_SECONDS)
        assert not racer.is_alive()
    assert not together._waiting
    assert not together._is_at_work
    return racers


def test_who_finds_nobody_at_work_is_done_at_once_and_alone():
    work = Work()
    work.go_on.set()
    together = Together(work, fits=anybody)
    assert [together.do(item) for item in (1, 2, 3)] == [10, 20, 30]
    assert work.companies == [[1], [2], [3]]


def test_who_comes_meanwhile_is_done_together_and_each_gets_its_own():
    work = Work()
    racers = while_one_is_done(work, [2, 3, 4])
    assert work.companies == [[1], [2, 3, 4]]
    assert [racer.value for racer in racers] == [10, 20, 30, 40]


def test_who_does_not_fit_waits_for_the_next_turn_and_the_rest_goes_on():
    work = Work()
    racers = while_one_is_done(work, [2, 4, 3, 6], fits=lambda items, item: (items[0] - item) % 2 == 0)
    assert work.companies == [[1], [2, 4, 6], [3]]
    assert [racer.value for racer in racers] == [10, 20, 40, 30, 60]


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_what_the_work_raises_is_the_workers_and_leaves_nobody_waiting(fault):
    class Failing(Work):
        def __call__(self, items):
            outcomes = super().__call__(items)
            if 2 in items:
                raise fault
            return outcomes

    first, second, third, fourth = while_one_is_done(Failing(), [2, 3, 4], fits=lambda items, item: item != 4)
    assert first.value == 10
    assert isinstance(second.error, fault)
    assert (third.value, third.error) == (None, None)
    assert fourth.value == 40


def test_an_outcome_too_few_is_a_fault_and_leaves_nobody_waiting():
    class Forgetting(Work):
        def __call__(self, items):
            return super().__call__(items)[:1]

    first, second, third = while_one_is_done(Forgetting(), [2, 3])
    assert first.value == 10
    assert isinstance(second.error, ValueError)
    assert third.value is None
