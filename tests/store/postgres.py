"""A real PostgreSQL server of the tests' own: private, on a socket in a temporary directory, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

SERVERS = Path("/usr/lib/postgresql")  # where Debian puts server files, one directory a version
OWNER = "postgres"  # the server refuses to run as root
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",  # nobody needs these rows after a power cut
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
}


class NoServer(Exception):
    """There are no server files on this machine, or nobody to run them as; the text says which."""


class Cluster:
    """A running server.

    Raises:
        NoServer: none can be started here.
    """

    def __init__(self) -> None:
        self._bin = _server_files()
        self._as = _somebody()
        self._home = Path(tempfile.mkdtemp(prefix="mixwright-pg-"))
        if self._as:
            shutil.chown(self._home, OWNER)
        self._run("initdb", "-D", self._home / "data", "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        words = " ".join(f"-c {name}='{value}'" for name, value in OPTIONS.items()) + f" -k {self._home}"
        self._run("pg_ctl", "-D", self._home / "data", "-l", self._home / "log", "-o", words, "-w", "start")
        self._made = 0

    def url(self, name: str) -> str:
        """The address of a database, as a person would set it."""
        return f"postgresql://{OWNER}@/{name}?host={self._home}"

    def create(self, template: str = "template0") -> str:
        """Make a database like `template` and return its name."""
        self._made += 1
        name = f"made_{self._made}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        """End the server and remove what it wrote."""
        self._run("pg_ctl", "-D", self._home / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._home)

    def _run(self, program: str, *words: object) -> None:
        command = [*self._as, str(self._bin / program), *map(str, words)]
        # output to nowhere: the server inherits it, and a pipe would never end
        done = subprocess.run(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise NoServer(f"PostgreSQL's {program} ended with code {done.returncode}; see {self._home}")

    def _sql(self, statement: str) -> None:
        with psycopg.connect(host=str(self._home), user=OWNER, dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)


def _server_files() -> Path:
    found = [path.parent for path in SERVERS.glob("*/bin/initdb")]
    if not found:
        raise NoServer(f"no PostgreSQL server files in {SERVERS}; on Debian or Ubuntu: apt-get install postgresql")
    return max(found, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)


def _somebody() -> list[str]:
    """How to run a command as somebody who is not root."""
    if os.getuid() != 0:
        return []
    try:
        pwd.getpwnam(OWNER)
    except KeyError:
        raise NoServer(f"PostgreSQL does not run as root, and there is no user “{OWNER}”") from None
    return ["runuser", "-u", OWNER, "--"]
