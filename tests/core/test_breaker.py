"""The breaker: one failure, then the helper is left alone for a while."""

import pytest
from prometheus_client import REGISTRY

from apps.core.breaker import Breaker


class Clock:
    seconds = 100.0

    def __call__(self):
        return self.seconds


class Helper:
    """Answers "asked", or fails while `broken`; counts how often it was bothered."""

    def __init__(self):
        self.broken = False
        self.asked_count = 0

    def __call__(self):
        self.asked_count += 1
        if self.broken:
            raise TimeoutError
        return "asked"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def helper():
    return Helper()


@pytest.fixture
def call(clock, helper):
    breaker = Breaker(rest_seconds=5, clock=clock)
    return lambda: breaker.call(helper, instead=lambda: "instead")


def test_call_asks_while_all_is_well(call):
    assert [call(), call()] == ["asked", "asked"]


def test_call_answers_instead_and_leaves_a_broken_helper_alone(call, helper, clock):
    helper.broken = True
    assert [call() for _ in range(50)] == ["instead"] * 50
    assert helper.asked_count == 1
    clock.seconds += 4.9
    call()
    assert helper.asked_count == 1


def test_call_tries_again_after_the_rest(call, helper, clock):
    helper.broken = True
    call()
    clock.seconds += 5
    assert call() == "instead"
    assert helper.asked_count == 2
    clock.seconds += 5
    helper.broken = False
    assert [call(), call()] == ["asked", "asked"]


def test_only_one_caller_tries_after_the_rest(clock):
    breaker = Breaker(rest_seconds=5, clock=clock)
    answers = []

    def fail():
        raise TimeoutError

    def slow():
        # While the first caller still waits for an answer, a second one comes.
        answers.append(breaker.call(lambda: "second asked", instead=lambda: "second instead"))
        return "first asked"

    breaker.call(fail, instead=lambda: None)
    clock.seconds += 5
    answers.append(breaker.call(slow, instead=lambda: "first instead"))
    assert answers == ["second instead", "first asked"]


def test_metrics_tell_that_a_helper_is_left_alone_until_it_answers(clock, helper):
    breaker = Breaker("tested", rest_seconds=5, clock=clock)

    def told():
        return REGISTRY.get_sample_value("examgrader_breaker_open", {"helper": "tested"})

    helper.broken = True
    breaker.call(helper, instead=lambda: None)
    assert told() == 1
    clock.seconds += 60
    assert told() == 1, "nobody has asked it since"
    helper.broken = False
    breaker.call(helper, instead=lambda: None)
    assert told() == 0


def test_call_lets_interrupts_through(clock):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Breaker(clock=clock).call(interrupted, instead=lambda: None)
