"""gunicorn is replaced under load: nothing that was acknowledged is lost, and nobody has to type again."""

import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from apps.submissions.models import AnswerRevision
from tests.support.rooms import PROBLEMS, open_room
from tests.support.savers import Saver, differences
from tests.support.serving import database_url, gunicorn

pytestmark = pytest.mark.django_db(transaction=True)

SAVERS = 6


@pytest.fixture
def server(tmp_path):
    """The product itself on this test's database, with the tests' secrets."""
    with gunicorn(database_url(connection.settings_dict["NAME"]), tmp_path) as running:
        yield running


@contextmanager
def load(server, now, **options):
    """Contestants who save the whole time; at the end each has sent what it had begun."""
    tokens = open_room(now, SAVERS)
    savers = [
        Saver(port=server.port, token=token, numbers=PROBLEMS, seed=seed, **options)
        for seed, token in enumerate(tokens)
    ]
    for saver in savers:
        saver.start()
    wait_for_saves(savers, 5)
    yield savers
    for saver in savers:
        saver.stop()


def wait_for_saves(savers, more):
    """Until each has `more` acknowledged than now."""
    aims = [len(saver.acked) + more for saver in savers]
    until = time.monotonic() + 60
    while any(len(saver.acked) < aim for saver, aim in zip(savers, aims, strict=True)):
        assert time.monotonic() < until, f"saving stopped: {[saver.failures[-1:] for saver in savers]}"
        time.sleep(0.05)


def stored():
    return list(AnswerRevision.objects.values_list("op", "number", "text", "state"))


def assert_nothing_is_missing(savers):
    assert differences(savers, stored()) == {}
    edits = [edit for saver in savers for edit in saver.journal]
    assert all(edit.acked_at for edit in edits), "an edit was given up"
    assert {edit.state for edit in edits} == {"current"}


def workers_started(server):
    return server.said().count("Booting worker with pid:")


def test_reloading_again_and_again_loses_no_save(server, real_now):
    """SIGHUP: new processes with the new code, the old ones finish what they have begun."""
    with load(server, real_now) as savers:
        for _ in range(3):
            before = workers_started(server)
            server.process.send_signal(signal.SIGHUP)
            wait_for_saves(savers, 15)
            assert workers_started(server) >= before + 2
    assert_nothing_is_missing(savers)


def test_a_new_master_takes_over_without_losing_a_save(server, real_now):
    """SIGUSR2: a second gunicorn on the same socket, then the first one ends; also for a new gunicorn."""
    old = server.process
    new_pid = None
    try:
        with load(server, real_now) as savers:
            old.send_signal(signal.SIGUSR2)
            new_pid = wait_for_new_master(server)
            wait_for_saves(savers, 5)
            old.send_signal(signal.SIGTERM)
            old.wait(timeout=40)
            wait_for_saves(savers, 15)
    finally:
        if new_pid is not None:
            stop(new_pid)
    assert_nothing_is_missing(savers)


def test_a_killed_server_is_healed_by_the_pages(server, real_now):
    """SIGKILL of all of it: requests in flight are lost, acknowledged edits are not."""
    with load(server, real_now) as savers:
        kill_and_start_again(server)
        wait_for_saves(savers, 5)
    assert_nothing_is_missing(savers)


def test_control_without_a_second_try_failures_are_seen(server, real_now):
    """What the page's patience is for; and even so nothing acknowledged is lost."""
    with load(server, real_now, retries=False) as savers:
        kill_and_start_again(server)
        wait_for_saves(savers, 2)
    assert [edit for saver in savers for edit in saver.journal if edit.acked_at is None]
    assert differences(savers, stored()) == {}


def kill_and_start_again(server):
    master = server.process
    children = Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
    master.kill()
    for child in map(int, children):
        os.kill(child, signal.SIGKILL)
    master.wait()
    server.start()


def wait_for_new_master(server):
    """The second master's process; it writes its number beside the first one's while both live."""
    beside = server.log.with_name("gunicorn.pid.2")
    until = time.monotonic() + 30
    while not (beside.exists() and beside.read_text().strip()):
        assert time.monotonic() < until, server.said()
        time.sleep(0.05)
    return int(beside.read_text())


def stop(pid):
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + 40
    while Path(f"/proc/{pid}").exists() and "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < until
        time.sleep(0.05)
