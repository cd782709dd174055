"""What other processes do to a store while a test looks on; kept apart so that they start quickly."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime

from mmm.store.database import Database, make_engine
from mmm.store.master import Keyring, MasterKey
from mmm.store.tables import DatasetVersionRow, new_id

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = bytes(range(32))
BLOBS = ("panel", "as_read", "findings", "mapping", "lineage", "table")
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__, "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "sqlite3"])


def open_store(url):
    return Database(make_engine(url), Keyring([MasterKey(SECRET)]))


def content(version_id, name):
    """What a version holds in one of its sealed columns: 100 kB that tell whose they are."""
    return f"{version_id}/{name};".encode() * 2500


def save_version(database, actor, dataset_id):
    """One upload as the service makes it: the version and its audit row, both or neither."""
    with database.unit_of_work() as uow:
        row = DatasetVersionRow(
            id=new_id(),
            workspace_id=actor.workspace_id,
            dataset_id=dataset_id,
            source_name="weekly.csv",
            source_sha256="0" * 64,
            source_bytes=1,
            summary={},
            created_by="u",
            created_at=NOW,
        )
        uow.datasets.add_version(row, **{name: content(row.id, name) for name in BLOBS})
        uow.audit.record(actor, "save_dataset", "dataset_version", row.id, details={"number": row.number})
        uow.commit()


def save_versions_for_ever(url, actor, dataset_id, started):
    """Save one version after the other until killed."""
    database = open_store(url)
    save_version(database, actor, dataset_id)
    started.set()
    while True:
        save_version(database, actor, dataset_id)


def write_audit_rows(url, actor, rows):
    """Write audit rows, each in a unit of work of its own."""
    database = open_store(url)
    for i in range(rows):
        with database.unit_of_work() as uow:
            uow.audit.record(actor, "save_plan", "plan", f"{actor.session_id}-{i}")
            uow.commit()
    database.close()


def migrate(url, go):
    """Bring a database to the newest schema as soon as everybody is ready."""
    from mmm.store.migrate import upgrade

    engine = make_engine(url)
    go.wait()
    upgrade(engine)
    engine.dispose()
