"""The engine: SQLite made safe for several writers, and units of work on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from mmm.store.keys import MasterKey
from mmm.store.unit_of_work import UnitOfWork

BUSY_TIMEOUT_S = 15  # a writer waits this long for another; a unit of work takes milliseconds
READ_ONLY = "mixwright_read_only"


def make_engine(url: str) -> Engine:
    """An engine for `url`; on SQLite with WAL, foreign keys and `BEGIN IMMEDIATE` for every unit of work that writes.

    With SQLite's default (deferred) transactions two writers read the same head of the audit chain and fork it.
    """
    if not url.startswith("sqlite"):
        return create_engine(url, hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, hide_parameters=True)  # rows stay out of logs
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401 - the driver's own object
    connection.isolation_level = None  # the driver must not begin transactions of its own
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # an audited action survives a power cut
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN DEFERRED" if read_only else "BEGIN IMMEDIATE")


class Database:
    """One installation's database and key; makes units of work."""

    def __init__(self, engine: Engine, master: MasterKey) -> None:
        self.engine = engine
        self.master = master
        self._reading = engine.execution_options(**{READ_ONLY: True})
        self._unwrapped: dict[str, bytes] = {}

    @contextmanager
    def unit_of_work(self, *, read_only: bool = False) -> Iterator[UnitOfWork]:
        """One transaction. Leaving without `commit()` rolls everything back, audit rows included.

        A read-only one sees a consistent snapshot, never waits for a writer, and cannot write.
        """
        engine = self._reading if read_only else self.engine
        with UnitOfWork.begin(engine, self.master, self._unwrapped) as uow:
            yield uow

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()
