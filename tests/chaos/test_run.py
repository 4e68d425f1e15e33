"""A small sitting with everything at once, run as `make chaos` runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.long
def test_nothing_is_lost_with_answers_dropped_redis_frozen_and_a_worker_killed(tmp_path, collected):
    figures = tmp_path / "figures.json"
    # Nothing of ours: it starts servers of its own, and must not find those of the tests.
    others = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-m", "chaos.run", "--only", "together", "--contestants", "12", "--json", figures],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in others}
        | {"STATIC_ROOT": str(collected)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert figures.exists(), done.stdout + done.stderr
    outcome = json.loads(figures.read_text())["outcomes"][0]
    assert outcome["verdict"] == "held", done.stdout + done.stderr
    found = {figure["name"]: figure["value"] for figure in outcome["figures"]}
    assert [found[name] for name in ("lost", "duplicate", "phantom", "gave up")] == ["0"] * 4
    assert int(found["acknowledged"]) > 0
    assert done.returncode == 0
