"""What the workers of the executor's tests open: a ledger in a SQLite file, and bodies that obey files."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmm.errors import DataError
from mmm.jobs.ledger import Ending, StaleAttemptError, Survey, Ticket
from mmm.jobs.worker import JobRun, Workshop, Write

LEDGER_VARIABLE = "MMM_TEST_LEDGER"
WORKSHOP = f"{__name__}:workshop"

SCHEMA = """
create table if not exists job (
    id text primary key, task text, params text, status text default 'queued', progress real default 0,
    message text default '', attempt int default 1, heartbeat real, cancel int default 0, result text, error text
);
create table if not exists product (job_id text, attempt int, value text);
create table if not exists begun (job_id text, attempt int, pid int, threads text, nice int);
"""


class FileLedger:
    """The job rows in a SQLite file that several processes share."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._open() as db:
            db.executescript(SCHEMA)

    @contextmanager
    def _open(self):
        db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            db.execute("pragma journal_mode=wal")
            yield db
        finally:
            db.close()

    @contextmanager
    def _begin(self):
        with self._open() as db:
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")

    def add(self, job_id: str, task: str, **params: Any) -> Ticket:
        with self._begin() as db:
            db.execute("insert into job (id, task, params) values (?, ?, ?)", (job_id, task, json.dumps(params)))
        return Ticket(job_id, task, 1)

    def row(self, job_id: str) -> dict[str, Any]:
        with self._open() as db:
            return dict(db.execute("select * from job where id = ?", (job_id,)).fetchone())

    def all(self, table: str) -> list[dict[str, Any]]:
        with self._open() as db:
            return [dict(row) for row in db.execute(f"select * from {table}")]

    def change(self, job_id: str, **values: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in values)
        with self._begin() as db:
            db.execute(f"update job set {names} where id = ?", (*values.values(), job_id))

    def retry(self, job_id: str) -> Ticket:
        row = self.row(job_id)
        self.change(job_id, status="queued", attempt=row["attempt"] + 1, cancel=0, progress=0)
        return Ticket(job_id, row["task"], row["attempt"] + 1)

    def survey(self, silent_after_s: float) -> Survey:
        with self._open() as db:

            def tickets(where: str, *values: float) -> list[Ticket]:
                rows = db.execute(f"select id, task, attempt from job where {where} order by rowid", values)
                return [Ticket(*row) for row in rows]

            return Survey(
                waiting=tickets("status = 'queued'"),
                stopping=tickets("status = 'running' and cancel = 1"),
                silent=tickets("status = 'running' and heartbeat < ?", time.time() - silent_after_s),
            )

    def begin(self, ticket: Ticket) -> Mapping[str, Any] | None:
        with self._begin() as db:
            query = (
                "update job set status = 'running', heartbeat = ? where id = ? and attempt = ? and status = 'queued'"
            )
            if not db.execute(query, (time.time(), ticket.job_id, ticket.attempt)).rowcount:
                return None
            threads = os.environ.get("OMP_NUM_THREADS", "")
            facts = (ticket.job_id, ticket.attempt, os.getpid(), threads, os.nice(0))
            db.execute("insert into begun values (?, ?, ?, ?, ?)", facts)
            return json.loads(db.execute("select params from job where id = ?", (ticket.job_id,)).fetchone()[0])

    def report(self, ticket: Ticket, share: float, message: str) -> bool:
        with self._begin() as db:
            query = (
                "update job set heartbeat = ?, progress = ?, message = ? where id = ? and attempt = ? and cancel = 0"
            )
            values = (time.time(), share, message, ticket.job_id, ticket.attempt)
            return db.execute(query + " and status = 'running'", values).rowcount == 1

    def complete(self, ticket: Ticket, write: Callable[[sqlite3.Connection], str]) -> None:
        with self._begin() as db:
            result = write(db)
            query = "update job set status = 'done', progress = 1, result = ? where id = ? and attempt = ?"
            done = db.execute(query + " and status = 'running'", (result, ticket.job_id, ticket.attempt))
            if done.rowcount != 1:
                raise StaleAttemptError

    def end(self, ticket: Ticket, ending: Ending, message: str) -> bool:
        with self._begin() as db:
            query = (
                "update job set status = ?, error = ? where id = ? and attempt = ? and status in ('queued', 'running')"
            )
            return db.execute(query, (ending.value, message, ticket.job_id, ticket.attempt)).rowcount == 1


def make(run: JobRun) -> Write:
    """Write one product."""
    run.progress(0.5, "half of it is done")
    return _product(run)


def work_until_told(run: JobRun) -> Write:
    """Go step by step until the file `stop` names exists."""
    share = 0.0
    while not Path(run.params["stop"]).exists():
        share += 0.001
        run.progress(share, f"step {share:.3f}")
        time.sleep(0.02)
    return _product(run)


def never_look_up(run: JobRun) -> Write:
    """A step that neither ends nor asks."""
    run.progress(0.1, "a very long step")
    while True:
        time.sleep(0.2)


def stumble(run: JobRun) -> Write:
    """Fail in a way a person can mend."""
    raise DataError("The KPI is missing in week 7; fill it in and upload again.")


def crash(run: JobRun) -> Write:
    """Fail in a way nobody foresaw."""
    raise ZeroDivisionError("secret detail")


def write_half(run: JobRun) -> Write:
    """Fail after the first of two writes."""

    def write(db: sqlite3.Connection) -> str:
        _product(run)(db)
        raise OSError("the disk is full")

    return write


def _product(run: JobRun) -> Write:
    def write(db: sqlite3.Connection) -> str:
        values = (run.ticket.job_id, run.ticket.attempt, run.params.get("value", ""))
        db.execute("insert into product values (?, ?, ?)", values)
        return f"product of {run.ticket.job_id}"

    return write


BODIES = {body.__name__: body for body in (make, work_until_told, never_look_up, stumble, crash, write_half)}


def workshop() -> Workshop:
    return Workshop(FileLedger(Path(os.environ[LEDGER_VARIABLE])), BODIES)
