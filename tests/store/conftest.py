"""Every test that takes `url` or `database` runs on SQLite and on a real PostgreSQL server."""

import shutil
from datetime import UTC, datetime

import pytest

from mmm.access import Role, system_actor
from mmm.store.database import Database, make_engine
from mmm.store.master import Keyring, MasterKey
from mmm.store.migrate import upgrade
from tests.store.postgres import Cluster, NoServer

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = bytes(range(32))


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL server for this process; tests that need it are skipped where there is none."""
    try:
        made = Cluster()
    except NoServer as why:
        pytest.skip(str(why))
    yield made
    made.stop()


def migrated(url):
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def migrated_name(cluster):
    """A PostgreSQL database of the newest schema, to make others like it."""
    name = cluster.create()
    migrated(cluster.url(name))
    return name


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory):
    """A SQLite file of the newest schema, to copy."""
    path = tmp_path_factory.mktemp("migrated") / "store.sqlite3"
    migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request):
    return request.param


@pytest.fixture
def empty_url(backend, request, tmp_path):
    """The address of a database without tables."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.sqlite3'}"
    else:
        yield from made_like("template0", request)


@pytest.fixture
def url(backend, request, tmp_path):
    """The address of an empty database of the newest schema."""
    if backend == "sqlite":
        path = tmp_path / "store.sqlite3"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        yield f"sqlite:///{path}"
    else:
        yield from made_like(request.getfixturevalue("migrated_name"), request)


def made_like(template, request):
    cluster = request.getfixturevalue("cluster")
    name = cluster.create(template)
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
def database(url):
    """One workspace that has a data key."""
    made = Database(make_engine(url), Keyring([MasterKey(SECRET)]))
    with made.unit_of_work() as uow:
        workspace = uow.users.add_workspace("Team", NOW)
        uow.vault.create_key(workspace.id)
        uow.audit.record(None, "create_workspace", "workspace", workspace.id, at=NOW)
        uow.commit()
    yield made
    made.close()


@pytest.fixture
def raw(database):
    """`raw("UPDATE …", …)`: statements behind the program's back, as somebody with the database could give them.

    Returns the rows of the last one, if it has any. The triggers that protect the audit table are taken away first.
    """

    def execute(*statements):
        drop = (
            ["DROP TRIGGER IF EXISTS audit_event_no_update", "DROP TRIGGER IF EXISTS audit_event_no_delete"]
            if database.engine.dialect.name == "sqlite"
            else ["DROP TRIGGER IF EXISTS audit_event_append_only ON audit_event"]
        )
        with database.engine.begin() as connection:
            for statement in [*drop, *statements]:
                result = connection.exec_driver_sql(statement)
            return result.fetchall() if result.returns_rows else None

    return execute


@pytest.fixture
def workspace(database):
    with database.unit_of_work(read_only=True) as uow:
        return uow.users.workspaces()[0].id


@pytest.fixture
def actor(workspace):
    return system_actor(workspace, "Team", frozenset(Role))
