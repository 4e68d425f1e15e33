"""Each process of the server keeps to a processor, where they can be shared out evenly."""

import os
import time

import pytest

from examgrader.cores import Cores
from tests.support.small_server import children_of, serve


@pytest.mark.long
def test_as_many_processes_as_processors_have_one_each(tmp_path):
    allowed = os.sched_getaffinity(0)
    process, _ = serve(tmp_path, "examgrader.worker.PatientThreadWorker", "--workers", str(len(allowed)))
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            kept = sorted(core for child in children_of(process) for core in os.sched_getaffinity(child))
            if kept == sorted(allowed):
                break
            time.sleep(0.1)
        assert kept == sorted(allowed)
        assert os.sched_getaffinity(process.pid) == allowed, "the first process stays free"
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_a_process_takes_the_place_of_the_one_that_ended():
    cores = Cores({4, 5})
    before = [cores.take(processes=2) for _ in range(2)]
    after_a_reload = [cores.take(processes=2) for _ in range(2)]
    for core in before:
        cores.give_back(core)
    cores.give_back(after_a_reload[1])
    assert (before, after_a_reload) == ([4, 5], [4, 5])
    assert cores.take(processes=2) == 5


@pytest.mark.parametrize(("processes", "kept"), [(1, None), (2, 4), (3, None), (4, 4)])
def test_where_some_processor_would_do_more_than_another_the_system_chooses(processes, kept):
    cores = Cores({4, 5})
    assert cores.take(processes=processes) == kept
    cores.give_back(kept)
    assert set(cores.holding.values()) == {0}
    assert Cores(set()).take(processes=processes) is None, "a system that does not say which there are"
