"""gunicorn's settings: a few processes, a few threads each, every thread with two database connections."""

import os
import resource
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
environ.Env.read_env(str(BASE_DIR / ".env"))
sys.path.insert(0, str(BASE_DIR))

# Found by the path that was just set.
from examgrader import logs  # noqa: E402
from examgrader.cores import CORES  # noqa: E402
from examgrader.shares import SHARES  # noqa: E402

# A statement that hangs must not take the sitting with it: locks wait briefly, transactions never idle.
os.environ.setdefault(
    "DATABASE_PATIENCE",
    "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000",
)
# A server that says nothing at all cannot keep to those: a little longer, and it is taken for silent.
os.environ.setdefault("DATABASE_SILENCE", "5.3")

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
wsgi_app = "examgrader.wsgi:application"
worker_class = "examgrader.worker.PatientThreadWorker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Python runs one at a time, the others wait for the database. With four, 1,500 who hand in within 30 s
# waited 1.2 s for a thread while processors idled; with eight, pages that only calculate took longer.
threads = 6
# A browser opens up to six at once and keeps them: 1,500 browsers are 9,000, in two processes. gunicorn's own
# limit, 1,000, would let the rest wait in front of the door while the processors idle.
worker_connections = min(8000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 300)
keepalive = 65  # longer than a heartbeat's 30 s, so that a contestant's connection stays open
timeout = 30
graceful_timeout = 20  # less than the proxy's, Docker's and Kubernetes' patience with us (30 s and more)
# It has no limit of time (slow_lines.py), and saves nothing that can be measured for files of this size.
sendfile = False
# Who may say by X-Forwarded-Proto that a request came over https.
forwarded_allow_ips = os.environ.get("TRUSTED_PROXIES", "")
# The heartbeat file must not lie on a disk that can stall; /dev/shm is memory.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
logger_class = "examgrader.server_log.ServerLog"  # requests are told by examgrader.request_log
logconfig_dict = logs.tree(
    logs.chosen_form(debug=environ.Env().bool("DEBUG", default=False)), os.environ.get("LOG_LEVEL", "INFO")
)
METRICS_PREFIX = "examgrader-metrics-"


def on_starting(server: Any) -> None:
    """Before the first process: what would fail at the opening bell is better refused now."""
    from examgrader.connections import refuse_too_many_threads  # noqa: PLC0415 - after the path is set

    address = os.environ.get("DATABASE_URL", "")
    if address:
        refuse_too_many_threads(database_url=address, workers=server.cfg.workers, threads=server.cfg.threads)
    choose_metrics_folder()


def choose_metrics_folder() -> None:
    """Each process counts in files of its own there, and the one that Prometheus asks adds them up.

    In memory, for every count is a write. A new master after USR2 goes on with the same folder.
    """
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=METRICS_PREFIX, dir=worker_tmp_dir)
    Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(parents=True, exist_ok=True)


def on_exit(server: Any) -> None:
    """A folder that was ours goes with us, unless a new master took over."""
    folder = Path(os.environ.get("PROMETHEUS_MULTIPROC_DIR", ""))
    if folder.name.startswith(METRICS_PREFIX) and not server.reexec_pid:
        shutil.rmtree(folder, ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    """A process that died is not counted as one that lives; what it had counted stays counted."""
    SHARES.give_back(worker.place)
    CORES.give_back(worker.core)
    from prometheus_client import multiprocess  # noqa: PLC0415 - it chooses where to count when first imported

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


# By default every gunicorn of one user would share a control socket in the home folder.
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """The product is loaded and no request was taken yet."""
    # Both need the product's settings.
    from examgrader.durability import refuse_to_serve_from_weak_databases  # noqa: PLC0415
    from examgrader.staticfiles import say_if_not_collected  # noqa: PLC0415

    say_if_not_collected()
    refuse_to_serve_from_weak_databases(is_first=worker.age <= worker.cfg.workers)
