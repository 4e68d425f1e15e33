"""The limit: the same kind of work by PostgreSQL's own pgbench, which costs next to nothing itself."""

import os
import re
import resource
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from apps.submissions.services.save_statement import SAVE
from benchmarks.client import Tally
from benchmarks.room import Seat
from examgrader.localservices.servants import installed_programs

CLIENTS = 8
DEVICE = "00000000-0000-4000-8000-000000000000"

# One guarded upsert: the least that a save could be.
UPSERT = """
\\set turn :turn + 1
INSERT INTO benchmark_answer AS a (submission, number, text)
SELECT s.id, 1, 'The answer is ' || :turn || ', because each of the cases gives the same.'
FROM submissions_submission s
WHERE s.id = :submission AND s.submitted_at IS NULL AND statement_timestamp() <= s.deadline_at
ON CONFLICT (submission, number) DO UPDATE SET text = excluded.text, revision = a.revision + 1
RETURNING revision;
"""
TABLE = """
CREATE TABLE IF NOT EXISTS benchmark_answer (
    id bigserial PRIMARY KEY, submission bigint NOT NULL, number int NOT NULL, text text NOT NULL,
    revision int NOT NULL DEFAULT 1, UNIQUE (submission, number)
)
"""
# Our own statement with one edit. Each client has a paper of its own, and counts its revisions from there.
BEGINNING = """
\\if :turn < 0
SELECT revision AS turn FROM submissions_answer WHERE submission_id = :submission AND number = 1 \\gset
\\endif
"""
ENDING = ";\n\\set turn :turn + 1\n"
OURS = {
    "papers": "array[:submission]::bigint[]",
    "keys": "array[:key]::bigint[]",
    "epochs": "array[1]",
    "pages": f"array['{DEVICE}'::uuid]",
    "versions": "array[1]",
    "devices": f"array['{DEVICE}'::uuid]",
    "sizes": "array[1]",
    "places": "array[:submission]::bigint[]",
    "ops": "array[(lpad(to_hex(:run::bigint), 8, '0') || lpad(to_hex(:turn::bigint), 24, '0'))::uuid]",
    "numbers": "array[1]",
    "texts": "array['The answer is ' || :turn || ', because each of the cases gives the same.']",
    "bases": "array[:turn]::int[]",
    "most_late": "200",
}


def program() -> str:
    """The one that came with the embedded server, or the machine's."""
    ours = installed_programs() / "pgbench"
    return str(ours) if ours.exists() else shutil.which("pgbench") or "pgbench"


def version() -> str:
    return subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout.strip()


def prepare(seats: Sequence[Seat]) -> None:
    """A table for the upsert, and papers that any device may write on."""
    papers = [one.submission_id for one in seats[:CLIENTS]]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(TABLE)
        connection.execute("UPDATE submissions_submission SET writer = NULL WHERE id = ANY(%s)", [papers])


def measure_upsert(seats: Sequence[Seat], seconds: float, run: int) -> Tally:
    return measure(UPSERT, seats, seconds, run)


def measure_ours(seats: Sequence[Seat], seconds: float, run: int) -> Tally:
    return measure(BEGINNING + (SAVE % OURS).strip() + ENDING, seats, seconds, run)


def measure(script: str, seats: Sequence[Seat], seconds: float, run: int) -> Tally:
    """pgbench with prepared statements; each client works on the paper of one of the seats."""
    places = "\n".join(
        f"\\if :client_id = {place}\n\\set submission {one.submission_id}\n\\set key {one.key_id}\n\\endif"
        for place, one in enumerate(seats[:CLIENTS])
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "script.sql"
        path.write_text(places + "\n" + script)
        command = [program(), "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=1"]
        done = subprocess.run(
            [
                *command,
                f"--time={max(round(seconds), 1)}",
                "--define=turn=-1",
                f"--define=run={run}",
                f"--file={path}",
                os.environ["DATABASE_URL"],
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"pgbench failed: {done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    count = int(re.findall(r"number of transactions actually processed: (\d+)", done.stdout)[0])
    rate = float(re.findall(r"tps = ([\d.]+)", done.stdout)[0])
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    tally = Tally(seconds=count / rate, cpu_ms=spent * 1000)
    tally.answered[200] = count
    return tally
