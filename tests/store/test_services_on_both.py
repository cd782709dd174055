"""The services over SQLite and over a real PostgreSQL server: from the first start to the audit walk."""

import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import psycopg
import pytest
from argon2 import PasswordHasher

from mmm.access.passwords import Passwords
from mmm.bootstrap import build_services, initialise, make_kit
from mmm.data.findings import Finding, Severity
from mmm.data.mapping import ChannelColumns, Mapping
from mmm.data.simulate import five_channel_world
from mmm.errors import ConflictError, SpecError
from mmm.jobs.ledger import StaleAttemptError, Ticket
from mmm.services.jobs import SqlLedger
from mmm.settings import Settings
from mmm.store.jobs import JobStatus
from mmm.store.tables import JobRow

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
OWN = "heron-quilt-7-lantern"
MARK = "Zyxommapetiolatum"


@pytest.fixture
def settings(tmp_path, empty_url):
    return Settings(var_dir=tmp_path / "var", database_url=empty_url, _env_file=None)


@pytest.fixture
def first_run(settings):
    return initialise(settings, passwords=CHEAP)


@pytest.fixture
def services(settings, first_run):
    built = build_services(settings, passwords=CHEAP)
    yield built
    built.close()


@pytest.fixture
def signed_in(services, first_run):
    """`signed_in("analyst")`: somebody with a session and a password of their own, the whole way through the door."""

    def enter(username):
        one_time = first_run.credentials[username]
        assert services.accounts.check_credentials(username, one_time)
        token = services.accounts.redeem_ticket(services.accounts.issue_ticket(username))
        services.accounts.change_password(services.accounts.actor_for(token), one_time, OWN)
        return services.accounts.actor_for(token)

    return enter


@pytest.fixture
def panel():
    return five_channel_world(seed=1, n_periods=60).panel


@pytest.fixture
def save(services, panel):
    """`save(actor)`: a version in which every name and cell carries the mark."""

    def run(actor, **more):
        words = {"name": "Shop", "source_name": "weekly.csv", "raw_content": b"x"} | more
        return services.datasets.save(
            actor,
            mapping=Mapping(date="week", kpi="sales", channels={MARK: ChannelColumns(f"{MARK} spend")}),
            findings=[Finding("odd", Severity.REPAIR, f"{MARK} looks odd")],
            panel=panel,
            as_read=pd.DataFrame({"week": ["2024-01-01"], "sales": [MARK]}),
            **words,
        )

    return run


def test_a_version_goes_in_and_comes_out_and_the_chain_is_whole(services, signed_in, save, panel):
    analyst = signed_in("analyst")
    version = save(analyst)
    assert services.datasets.panel(analyst, version.id).kpi.tolist() == panel.kpi.tolist()
    assert services.datasets.as_read(analyst, version.id)["sales"].tolist() == [MARK]
    assert [row.number for row in services.datasets.versions(analyst, version.dataset_id)] == [1]
    assert services.audit.verify(signed_in("auditor")).ok


def test_a_second_start_finds_everything(settings, services, signed_in, save):
    analyst = signed_in("analyst")
    version = save(analyst)
    assert initialise(settings, passwords=CHEAP) is None
    again = build_services(settings, passwords=CHEAP)
    assert again.datasets.version(analyst, version.id) == version
    again.close()


def test_of_two_uploads_for_the_same_version_one_is_told_that_it_was_overtaken(services, signed_in, save):
    analyst = signed_in("analyst")
    first = save(analyst)

    def upload(_):
        try:
            return save(analyst, dataset_id=first.dataset_id, after=first.id).number
        except ConflictError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(upload, range(2)), key=str)
    assert outcomes[0] == 2
    assert "added version 2 since you uploaded" in outcomes[1]
    assert len(services.datasets.versions(analyst, first.dataset_id)) == 2


def test_of_two_datasets_of_the_same_name_made_at_once_one_is_refused(services, signed_in, save):
    analyst = signed_in("analyst")

    def upload(_):
        try:
            return save(analyst).number
        except ConflictError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(upload, range(2)), key=str)
    assert outcomes[0] == 1
    assert "“Shop” already" in outcomes[1]


def test_a_job_is_begun_by_one_of_two_servers_and_its_result_stored_once(settings, first_run):
    kit = make_kit(settings)
    ledgers = [SqlLedger(kit.database), SqlLedger(make_kit(settings).database)]
    with kit.database.unit_of_work() as uow:
        waiting = {"status": JobStatus.QUEUED, "progress": 0.0, "message": "", "attempt": 0, "cancel_requested": False}
        row = JobRow(
            workspace_id=first_run.workspace_id,
            kind="train",
            params={"seed": 1},
            submitted_by="u",
            created_at=kit.clock(),
            **waiting,
        )
        uow.jobs.add(row)
        uow.commit()
    ticket = Ticket(row.id, "train", 1)
    with ThreadPoolExecutor(2) as pool:
        begun = list(pool.map(lambda ledger: ledger.begin(ticket), ledgers))
    assert sorted(found is None for found in begun) == [False, True]
    assert ledgers[0].report(ticket, 0.5, "halfway")
    ledgers[1].complete(ticket, lambda uow: "m")
    with pytest.raises(StaleAttemptError):
        ledgers[0].complete(ticket, lambda uow: "m")
    assert ledgers[0].survey(60).waiting == []


def test_a_name_that_no_database_can_hold_is_nobody_at_the_door(services):
    assert not services.accounts.check_credentials("ann\x00", "x")


def test_a_backup_is_made_or_the_command_for_it_is_told(services, signed_in, tmp_path, backend):
    admin, target = signed_in("admin"), tmp_path / "copy"
    if backend == "sqlite":
        assert services.backups.make(admin, target) > 0
    else:
        with pytest.raises(SpecError, match="pg_dump --format=custom"):
            services.backups.make(admin, target)


def stored_bytes(empty_url, backend):
    """Every byte the database keeps on disk, its log included."""
    if backend == "sqlite":
        file = Path(empty_url.removeprefix("sqlite:///"))
        return b"".join(path.read_bytes() for path in file.parent.glob(file.name + "*"))
    with psycopg.connect(empty_url, autocommit=True) as connection:
        (home,) = connection.execute("SHOW data_directory").fetchone()
        (own,) = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        connection.execute("CHECKPOINT")  # memory to files
    kept = [path for folder in (f"base/{own}", "pg_wal") for path in (Path(home) / folder).glob("*")]
    return b"".join(path.read_bytes() for path in kept if path.is_file())


def test_the_database_holds_no_plain_rows(services, signed_in, save, panel, empty_url, backend):
    version = save(signed_in("analyst"), name="Visible name")
    numbers = [struct.pack("<d", value) for value in panel.kpi[0, 10:13]]
    texts = [MARK.encode(coding) for coding in ("utf-8", "utf-16-le", "utf-16-be")]
    with services.unit_of_work(read_only=True) as uow:
        row = uow.datasets.version(uow.users.workspaces()[0].id, version.id)
        plain = uow.datasets.panel(row) + uow.datasets.as_read(row)
    stored = stored_bytes(empty_url, backend)
    assert all(text in plain for text in [texts[0], *numbers])  # unsealed, they would be found
    assert b"Visible name" in stored
    assert [text for text in texts + numbers if text in stored] == []
