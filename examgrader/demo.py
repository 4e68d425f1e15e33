"""`make demo`: everything the product needs, started here, with an exam that is open now."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import environ
from gunicorn.app.wsgiapp import WSGIApplication

from examgrader import localservices

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"
SEEDED = VAR / "demo.txt"


def main() -> None:
    """Prepare, tell where to look, serve until Ctrl-C or SIGTERM."""
    environ.Env.read_env(str(BASE_DIR / ".env"))
    host = os.environ.setdefault("HOST", "127.0.0.1")
    port = os.environ.setdefault("PORT", "8000")
    refuse_taken_port(host, port)
    # Where others can reach us, links must lead to an address they can reach.
    os.environ.setdefault("PUBLIC_URL", f"http://{name_for_others(host)}:{port}")
    say("Starting the database and the cache.")
    localservices.attach(even_with_database=True)
    prepare()
    say(f"\n{SEEDED.read_text().strip()}\n")
    say(f"Contestants:  {os.environ['PUBLIC_URL']}/")
    say(f"Console:      {os.environ['PUBLIC_URL']}/console/")
    say("\nStop with Ctrl-C.\n")
    Server().run()


def refuse_taken_port(host: str, port: str) -> None:
    """Say so before anything slow happens."""
    if not port.isdecimal() or not 0 < int(port) < 65536:  # noqa: PLR2004 - a port has 16 bits
        sys.exit(f"examgrader: PORT={port} is not a port; an example is PORT=8017.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, int(port)))
        except OSError as reason:
            sys.exit(
                f"examgrader: cannot listen on {host} port {port} ({reason.strerror})."
                " Choose another port with PORT=, or stop what uses this one."
            )


def name_for_others(host: str) -> str:
    """The host's name in links: this machine's address in the local network when we listen everywhere."""
    if host in ("127.0.0.1", "::1", "localhost"):
        return "localhost"
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            line.connect(("192.0.2.1", 9))  # sends nothing; it only chooses the address we would send from
        except OSError:
            return socket.gethostname()
        return str(line.getsockname()[0])


def prepare() -> None:
    """Bring the database, the static files and the demo exam up to date. Safe to run again."""
    say("Bringing the database up to date.")
    manage("migrate", "--verbosity", "0")
    collect_static_files()
    say("Looking after the demo exam.")
    manage("seed_demo", "--out", str(SEEDED))


def collect_static_files() -> None:
    """Name and compress the static files, which takes seconds, only when they changed since."""
    stamp = VAR / "static.stamp"
    folder = Path(os.environ.get("STATIC_ROOT") or VAR / "static")
    state = static_state(folder)
    if stamp.exists() and stamp.read_text() == state and (folder / "staticfiles.json").exists():
        return
    say("Preparing the static files.")
    manage("collectstatic", "--no-input", "--clear", "--verbosity", "0")
    stamp.write_text(state)


def static_state(folder: Path) -> str:
    """Where the collected files lie, and what they were made from: ours, and those that packages bring."""
    state = hashlib.sha256((BASE_DIR / "requirements.txt").read_bytes())
    state.update(f"{folder}\n".encode())
    for path in sorted((BASE_DIR / "static").rglob("*")):
        found = path.stat()
        state.update(f"{path.relative_to(BASE_DIR)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return state.hexdigest()


def manage(*arguments: str) -> None:
    """Run one command in a process of its own, out of Ctrl-C's reach: that stops us, and we stop it."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(BASE_DIR / "manage.py"), *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    if done.returncode:
        sys.exit(f"examgrader: `manage.py {arguments[0]}` failed; the lines above say why.")


class Server(WSGIApplication):  # type: ignore[misc]
    """gunicorn in this process, so that its end is ours and the servers behind it are stopped."""

    def __init__(self) -> None:
        sys.argv = ["examgrader", "--config", str(BASE_DIR / "examgrader" / "gunicorn.conf.py")]
        super().__init__()

    def load_config(self) -> None:
        super().load_config()
        self.cfg.set("loglevel", "warning")
        self.cfg.set("when_ready", stop_with_the_terminal)


def stop_with_the_terminal(_: Any) -> None:
    """gunicorn would take SIGHUP as "reload"; here it means that the terminal was closed."""
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except localservices.ServicesUnavailable as refusal:
        sys.exit(f"examgrader: {refusal}")
    except KeyboardInterrupt:
        sys.exit(130)
