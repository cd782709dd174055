"""The app as a process of its own, as `mmm serve` would start it, and plain requests to it."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT_S = 90


@dataclass
class Server:
    """A running app.

    Attributes:
        url: without a slash at the end.
        var_dir: its database, keys and logs.
        newcomer_password: one-time password of `newcomer`.
        process: the server itself.
        output: what it printed so far.
    """

    url: str
    var_dir: Path
    newcomer_password: str
    process: subprocess.Popen[str]
    output: list[str] = field(default_factory=list)

    def get(
        self, path: str, headers: dict[str, str] | None = None, method: str = "GET", body: str = ""
    ) -> tuple[int, bytes]:
        """One plain HTTP request, without a browser's help; status and body."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body=body or None, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def stop(self) -> None:
        """End the server the way Ctrl-C does, and only it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(var_dir: Path, newcomer_password: str, environment: dict[str, str] | None = None) -> Server:
    """Start the app over `var_dir` and wait until it answers; the caller stops it."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MMM_", "STREAMLIT_"))}
    env |= {"MMM_VAR_DIR": str(var_dir), "MMM_SAMPLE": "0", "PYTHONUNBUFFERED": "1", **(environment or {})}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    server = Server(f"http://localhost:{port}", var_dir, newcomer_password, process)
    threading.Thread(target=_collect, args=(server,), daemon=True).start()
    _wait_until_it_answers(server)
    return server


def _collect(server: Server) -> None:
    assert server.process.stdout is not None
    for line in server.process.stdout:
        server.output.append(line)


def _wait_until_it_answers(server: Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            pytest.fail("The server ended while starting:\n" + "".join(server.output))
        with contextlib.suppress(OSError):
            if server.get("/_stcore/health")[0] == 200:
                return
        time.sleep(0.2)  # a process outside this one can only be polled
    server.stop()
    pytest.fail("The server did not answer in time:\n" + "".join(server.output))
