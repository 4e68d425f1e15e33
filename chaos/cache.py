"""A Valkey of our own, and what can happen to one."""

import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

from chaos import processes
from examgrader.localservices import valkey


class Cache:
    """The server, with its socket in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "valkey.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            processes.thaw(self._process.pid)
            return
        command = [str(valkey.program()), "--port", "0", "--unixsocket", str(self.socket)]
        command += ["--save", "", "--appendonly", "no", "--maxmemory", "64mb"]
        command += ["--maxmemory-policy", "allkeys-lru", "--logfile", str(self.folder / "valkey.log")]
        self._process = subprocess.Popen(command, cwd=self.folder, start_new_session=True)
        processes.wait_for(lambda: valkey.answers(self.socket), within=20, what="Valkey answers")

    def stop(self) -> None:
        if self._process is not None:
            processes.thaw(self._process.pid)
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self.socket.unlink(missing_ok=True)

    def freeze(self) -> None:
        if self._process is not None:
            processes.freeze(self._process.pid)

    def thaw(self) -> None:
        if self._process is not None:
            processes.thaw(self._process.pid)

    def tell(self, *words: Any) -> None:
        """One command; what it says is not heard."""
        valkey.ask(self.socket, " ".join(map(str, words)).encode())

    def url(self, socket: Path | None = None) -> str:
        return f"unix://{quote(str(socket or self.socket), safe='/')}?db=0"
