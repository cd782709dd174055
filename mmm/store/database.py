"""The engine: SQLite and PostgreSQL made safe for several writers, and units of work on it.

On both, one unit of work writes at a time, from its first statement to its commit, and readers wait for nobody. That is
what lets a service read, decide and write without being overtaken, and what keeps the audit chain from forking.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from mmm.errors import SpecError
from mmm.store.master import Keyring
from mmm.store.unit_of_work import UnitOfWork

BUSY_TIMEOUT_S = 15  # a writer waits this long for another; a unit of work takes milliseconds
PATIENCE_S = 600  # a second server waits this long for the first one's migrations
CONNECT_TIMEOUT_S = 10  # a server that does not answer by then is down or elsewhere
STATEMENT_TIMEOUT_S = 120  # longer than any statement here takes; frees the server of one that nobody waits for
IDLE_TIMEOUT_S = 60  # a process that stopped halfway through a unit of work must not keep the others out
RECYCLE_S = 1800  # connections older than this are replaced: firewalls forget them
WRITER_LOCK = 0x4D495857  # advisory lock of whoever writes; "MIXW"
_PASSWORDS = ("password", "sslpassword")  # where the query of an address may hold one
READ_ONLY = "mixwright_read_only"
PATIENT = "mixwright_patient"


def database_url(text: str) -> URL:
    """The database that `text` names, with the driver this program uses.

    Raises:
        SpecError: it is no database URL, names a database that is neither SQLite nor PostgreSQL, or a SQLite database
            without a file.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # whose text may show a password
        url = None
    if url is None or "@" in (url.host or ""):  # a password with an @ in it would pass for a part of the host
        raise SpecError(
            "MMM_DATABASE_URL is no database address; it looks like postgresql://user:password@host:5432/name, where "
            "@ : / ? # % in a password are written %40 %3A %2F %3F %23 %25."
        )
    kind = url.get_backend_name()
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise SpecError(f"MMM_DATABASE_URL names a {kind} database; Mixwright works with SQLite and PostgreSQL.")
    if url.database in (None, "", ":memory:"):
        raise SpecError("MMM_DATABASE_URL names a SQLite database without a file, such as sqlite:////srv/mixwright.db.")
    return url


def address(url: URL) -> str:
    """The address without any password, as people and other programs write it."""
    shown = url.difference_update_query(_PASSWORDS).set(drivername=url.get_backend_name())
    return shown._replace(password=None).render_as_string()  # `set` takes None for "as it is"


def make_engine(text: str) -> Engine:
    """An engine for the database that `text` names, on which every unit of work that writes holds the writer's lock.

    With SQLite's default (deferred) transactions two writers read the same head of the audit chain and fork it.

    Raises:
        SpecError: as `database_url`.
    """
    url = database_url(text)
    return _sqlite_engine(url) if url.get_backend_name() == "sqlite" else _postgresql_engine(url)


def patient(engine: Engine) -> Engine:
    """The same engine for one long piece of work, such as a migration: waits for others, and takes what it takes."""
    return engine.execution_options(**{PATIENT: True})


def reading(engine: Engine) -> Engine:
    """The same engine for looking: a consistent snapshot that waits for no writer and cannot write."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(
            **{READ_ONLY: True}, isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    return engine.execution_options(**{READ_ONLY: True})


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, hide_parameters=True)  # rows stay out of logs
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401 - the driver's own object
    connection.isolation_level = None  # the driver must not begin transactions of its own
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # an audited action survives a power cut
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")  # REPLACE removes rows; the audit table's triggers must see it
    connection.execute("PRAGMA secure_delete = ON")  # a key that was removed is not left in a free page


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    read_only = options.get(READ_ONLY, False)
    wait_s = PATIENCE_S if options.get(PATIENT, False) else BUSY_TIMEOUT_S
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {1000 * wait_s}")
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN DEFERRED" if read_only else "BEGIN IMMEDIATE")


def _postgresql_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        connect_args=_postgresql_limits(url),
        isolation_level="READ COMMITTED",  # a writer that waited sees what the one before it committed
        pool_pre_ping=True,
        pool_recycle=RECYCLE_S,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _postgresql_limits(url: URL) -> dict[str, Any]:
    """What each connection is given, as far as the address does not say otherwise."""
    limits = {
        "lock_timeout": BUSY_TIMEOUT_S,
        "statement_timeout": STATEMENT_TIMEOUT_S,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT_S,
    }
    ours = " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items())
    own = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "mixwright"}
    return {name: value for name, value in own.items() if name not in url.query} | {
        "options": " ".join([ours, *url.normalized_query.get("options", ())])  # the last of two that disagree counts
    }


def _begin_postgresql(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get(PATIENT, False):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE_S}s'; SET LOCAL statement_timeout = 0")
    if not options.get(READ_ONLY, False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")


class Database:
    """One installation's database and its master keys; makes units of work."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        self.engine = engine
        self.keyring = keyring
        self._reading = reading(engine)
        self._known: dict[str, bytes] = {}

    @contextmanager
    def unit_of_work(self, *, read_only: bool = False) -> Iterator[UnitOfWork]:
        """One transaction. Leaving without `commit()` rolls everything back, audit rows included.

        A read-only one sees a consistent snapshot, never waits for a writer, and cannot write.

        Raises:
            ConflictError: another writer did not finish in time; nothing was done.
        """
        engine = self._reading if read_only else self.engine
        with UnitOfWork.begin(engine, self.keyring, self._known) as uow:
            yield uow

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()
