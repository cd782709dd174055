"""A consistent copy of a running SQLite database."""

from __future__ import annotations

import os
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from mmm.errors import ConflictError, SpecError
from mmm.store.database import address


def copy_database(engine: Engine, target: Path) -> int:
    """Copy the whole database to a new file (0600) while others go on working; returns its size in bytes.

    The copy holds every sealed row but not the master key, without which it cannot be read.

    Raises:
        SpecError: the database is PostgreSQL, which has better tools for this; the message says which.
        ConflictError: the target exists already.
    """
    if engine.dialect.name != "sqlite" or not engine.url.database:
        raise SpecError(_instead(engine, target))
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise ConflictError(f"{target} exists already; choose another name for the backup.") from None
    except OSError as error:
        raise SpecError(f"The backup cannot be written to {target}: {error.strerror}.") from error
    try:
        with closing(sqlite3.connect(engine.url.database)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, no -wal beside it
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target.stat().st_size


def _instead(engine: Engine, target: Path) -> str:
    file, server = shlex.quote(str(target)), shlex.quote(address(engine.url))
    return (
        f"PostgreSQL is backed up with its own tools while everybody goes on working: "
        f"pg_dump --format=custom --file={file} {server} (and pg_restore to put it back). "
        "Keep the master key as well, and somewhere else: the dump cannot be read without it."
    )
