"""Starting the server: prepare what it needs, say where it is, become it."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

from mmm.errors import MMMError
from mmm.threads import ONE_THREAD
from mmm.web.catalogue import ROOT

if TYPE_CHECKING:
    from mmm.services.first_start import FirstRun
    from mmm.settings import Settings

DEFAULT_PORT = 8501
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
COOKIE_SECRET_BYTES = 32  # signs Streamlit's own cookies; ours carries a random token and needs no signature


def serve(port: int = DEFAULT_PORT, host: str = "127.0.0.1") -> NoReturn:
    """Prepare database, keys and first users, print the address, and replace this process by the server.

    Args:
        port: TCP port of the server.
        host: address to listen on; this machine only, unless told otherwise.

    Raises:
        MMMError: the port is taken, or the stored data and the keys do not fit together.
    """
    from mmm.bootstrap import initialise
    from mmm.settings import Settings

    _require_free(host, port)
    settings = Settings()
    say = sys.stdout.write
    for line in (*first_run_lines(initialise(settings)), f"Mixwright is at http://{_shown(host)}:{port}"):
        say(line + "\n")
    sys.stdout.flush()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), *_flags(host, port)]
    os.execve(sys.executable, command, {**ONE_THREAD, **os.environ, **_environment(settings)})  # noqa: S606 - our own interpreter


def first_run_lines(made: FirstRun | None) -> list[str]:
    """What to print after a first start: the one-time passwords, this once; nothing after any other start."""
    if made is None:
        return []
    width = max(len(name) for name in made.credentials)
    people = [f"  {name:<{width}}  {password}" for name, password in made.credentials.items()]
    return [
        f"First start: “{made.workspace_name}” is ready. Sign in with one of these names; each one-time password",
        "must be replaced at its first use.",
        "",
        *people,
        "",
        f"They are also in {made.written_to} (delete it when everybody has signed in), and will not be shown again.",
        "",
    ]


def _shown(host: str) -> str:
    if host in LOOPBACK:
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise MMMError(
                f"Port {port} on {host} cannot be used ({error.strerror}). Is Mixwright running already? "
                f"Otherwise choose another port: make run PORT={port + 1}."
            ) from error


def _flags(host: str, port: int) -> list[str]:
    flags = ["--server.port", str(port), "--server.address", host]
    if host in LOOPBACK:  # a foreign name that resolves to this machine is somebody's trick
        flags += [f"--server.allowedHosts={name}" for name in sorted(LOOPBACK)]
    return flags


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "MMM_VAR_DIR": str(settings.var_dir.resolve()),
        "STREAMLIT_SERVER_COOKIE_SECRET": cookie_secret(settings),
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    }


def cookie_secret(settings: Settings) -> str:
    """Streamlit's cookie secret, made at the first start under `var/keys/` (mode 0600)."""
    path = settings.var_dir / "keys" / "cookie.secret"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    secret = secrets.token_hex(COOKIE_SECRET_BYTES)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret)
    return secret
