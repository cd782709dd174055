"""A database of every earlier schema, with a row in every table, comes to the newest and reads as it was written."""

import hashlib
import json
from datetime import UTC, date, datetime

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import MetaData

from mmm.access import Role
from mmm.store.database import Database, make_engine
from mmm.store.master import Keyring, MasterKey
from mmm.store.migrate import MIGRATIONS, upgrade
from mmm.store.rotation import begin, finish, reseal

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MASTER = MasterKey(bytes(range(32)))
DATA_KEY = bytes(range(32, 64))
NONCE = bytes(12)
WORKSPACE, KEY, DATASET, VERSION, MODEL, PLAN, JOB, PERSON, NOTE, TEST = (digit * 32 for digit in "123456789a")


def to_schema(engine, revision):
    """Run the migrations up to a revision."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def earlier():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    return {revision.revision for revision in script.walk_revisions()} - {script.get_current_head()}


def sealed(place, data):
    """Sealed bytes as the first version wrote them."""
    return b"MWS1" + bytes.fromhex(KEY) + NONCE + AESGCM(DATA_KEY).encrypt(NONCE, data, f"{WORKSPACE}/{place}".encode())


def audit_rows(count):
    """A chain as the first version wrote it; also its last hash."""
    previous, rows = "0" * 64, []
    for seq in range(1, count + 1):
        row = {
            "seq": seq,
            "workspace_id": WORKSPACE,
            "at": NOW,
            "actor_id": PERSON,
            "actor": "ann",
            "session_id": None,
            "action": "save_plan",
            "object_type": "plan",
            "object_id": PLAN,
            "outcome": "ok",
            "details": {"name": "Frühling", "share": 0.1},
            "previous": previous,
        }
        text = json.dumps(
            row | {"at": NOW.isoformat(timespec="microseconds")},
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )
        previous = hashlib.sha256(text.encode()).hexdigest()
        rows.append(row | {"hash": previous})
    return rows, previous


def rows_of_0001():
    """A row in every table of the first schema, in an order that foreign keys allow."""
    chain, last = audit_rows(5)
    of_workspace = {"workspace_id": WORKSPACE, "created_at": NOW}
    return {
        "workspace": [{"id": WORKSPACE, "name": "Team", "created_at": NOW}],
        "user": [
            {
                "id": PERSON,
                "username": "ann",
                "display_name": "Ann Lee",
                "password_hash": "x",
                "must_change_password": False,
                "active": True,
                "failed_attempts": 0,
                "locked_until": None,
                "token_version": 3,
                "created_at": NOW,
            }
        ],
        "membership": [{"user_id": PERSON, "workspace_id": WORKSPACE, "roles": ["analyst", "manager"]}],
        "session": [
            {
                "id": "a" * 32,
                "token_hash": "b" * 64,
                "user_id": PERSON,
                "token_version": 3,
                "last_seen_at": NOW,
                "ended_at": None,
                **of_workspace,
            }
        ],
        "ticket": [{"token_hash": "c" * 64, "user_id": PERSON, "token_version": 3, "expires_at": NOW}],
        "data_key": [
            {
                "id": KEY,
                "master_key_id": MASTER.id,
                "wrapped": MASTER.wrap(DATA_KEY, f"data_key/{KEY}/{WORKSPACE}"),
                **of_workspace,
            }
        ],
        "dataset": [{"id": DATASET, "name": "Shop", "is_sample": False, "archived": False, **of_workspace}],
        "dataset_version": [
            {
                "id": VERSION,
                "dataset_id": DATASET,
                "parent_id": None,
                "number": 1,
                "source_name": "weekly.csv",
                "source_sha256": "d" * 64,
                "source_bytes": 4711,
                "summary": {"periods": 104},
                "created_by": PERSON,
                **of_workspace,
                **{
                    f"{name}_sealed": sealed(f"dataset_version/{VERSION}/{name}", name.encode())
                    for name in ("panel", "as_read", "findings", "mapping")
                },
            }
        ],
        "model_version": [
            {
                "id": MODEL,
                "dataset_id": DATASET,
                "dataset_version_id": VERSION,
                "number": 1,
                "family": "ridge",
                "metrics": {"error": 0.07},
                "health": {"passed": True},
                "status": "ready",
                "job_id": JOB,
                "created_by": PERSON,
                **of_workspace,
                **{
                    f"{name}_sealed": sealed(f"model_version/{MODEL}/{name}", name.encode())
                    for name in ("state", "results")
                },
            }
        ],
        "publication": [
            {
                "workspace_id": WORKSPACE,
                "dataset_id": DATASET,
                "model_version_id": MODEL,
                "kind": "publish",
                "reason": None,
                "by": PERSON,
                "at": NOW,
            }
        ],
        "plan": [
            {
                "id": PLAN,
                "dataset_id": DATASET,
                "model_version_id": MODEL,
                "owner_id": PERSON,
                "name": "Frühling",
                "status": "draft",
                "comment": None,
                "decided_by": None,
                "version": 2,
                "updated_at": NOW,
                **of_workspace,
                "payload_sealed": sealed(f"plan/{PLAN}/payload", b"payload"),
            }
        ],
        "job": [
            {
                "id": JOB,
                "kind": "train",
                "params": {"seed": 1},
                "status": "done",
                "progress": 1.0,
                "message": "",
                "attempt": 1,
                "heartbeat_at": NOW,
                "cancel_requested": False,
                "submitted_by": PERSON,
                "result_ref": MODEL,
                "error": None,
                "started_at": NOW,
                "finished_at": NOW,
                **of_workspace,
            }
        ],
        "audit_event": chain,
        "audit_head": [{"id": 1, "count": 5, "hash": last, "signature": MASTER.sign(f"5:{last}")}],
    }


def rows_of_0002():
    """The same with what came with the second schema: purposes of keys, lineage, the assembled table, annotations."""
    rows = rows_of_0001()
    rows["data_key"] = [{**row, "purpose": "rows"} for row in rows["data_key"]]
    nothing = {"lineage_sealed": None, "table_sealed": None}
    rows["dataset_version"] = [{**row, **nothing} for row in rows["dataset_version"]]
    note = {
        "id": NOTE,
        "workspace_id": WORKSPACE,
        "dataset_id": DATASET,
        "kind": "launch",
        "first": date(2026, 1, 5),
        "last": date(2026, 1, 5),
        "created_by": PERSON,
        "created_at": NOW,
        "payload_sealed": sealed(f"annotation/{NOTE}/payload", b"note"),
    }
    return {**rows, "annotation": [note]}


def rows_of_0003():
    """The same with a lift test."""
    test = {
        "id": TEST,
        "workspace_id": WORKSPACE,
        "dataset_id": DATASET,
        "first": date(2026, 1, 5),
        "last": date(2026, 2, 1),
        "created_by": PERSON,
        "created_at": NOW,
        "withdrawn_at": None,
        "payload_sealed": sealed(f"lift_test/{TEST}/payload", b"test"),
    }
    return {**rows_of_0002(), "lift_test": [test]}


FILLED = {
    "0001": rows_of_0001,
    "0002": rows_of_0002,
    "0003": rows_of_0003,
}  # one for every earlier schema; a new migration adds the rows of the one before it


def insert(engine, rows):
    """Write rows with the schema that the database has now, not with the code's."""
    schema = MetaData()
    schema.reflect(engine)
    with engine.begin() as connection:
        for table, of_table in rows.items():
            connection.execute(schema.tables[table].insert(), of_table)
    return set(schema.tables) - {"alembic_version"}


@pytest.fixture(params=sorted(FILLED))
def upgraded(request, empty_url):
    """A database of an earlier schema with a row in every table, brought to the newest."""
    engine = make_engine(empty_url)
    to_schema(engine, request.param)
    rows = FILLED[request.param]()
    assert insert(engine, rows) == set(rows)
    upgrade(engine)
    database = Database(engine, Keyring([MASTER]))
    yield database
    database.close()


def test_there_are_rows_for_every_earlier_schema():
    assert set(FILLED) == earlier()


def test_every_version_reads_as_it_was_written(upgraded):
    with upgraded.unit_of_work(read_only=True) as uow:
        (row,) = uow.datasets.versions(WORKSPACE, DATASET)
        assert (row.number, row.source_bytes, row.summary, row.created_at) == (1, 4711, {"periods": 104}, NOW)
        assert uow.datasets.panel(row) == b"panel"
        assert uow.datasets.as_read(row) == b"as_read"
        assert uow.datasets.findings(row) == b"findings"
        assert uow.datasets.mapping(row) == b"mapping"
        assert (uow.datasets.lineage(row), uow.datasets.table(row)) == (None, None)


def test_models_plans_and_jobs_read_as_they_were_written(upgraded):
    with upgraded.unit_of_work(read_only=True) as uow:
        model, plan = uow.models.get(WORKSPACE, MODEL), uow.plans.get(WORKSPACE, PLAN)
        assert (uow.models.state(model), uow.models.results(model)) == (b"state", b"results")
        assert (plan.name, plan.version, uow.plans.payload(plan)) == ("Frühling", 2, b"payload")
        assert [row.model_version_id for row in uow.models.publications(WORKSPACE, DATASET)] == [MODEL]
        assert (uow.jobs.get(WORKSPACE, JOB).params, uow.jobs.live()) == ({"seed": 1}, [])
        notes = uow.annotations.all(WORKSPACE, DATASET)
        assert [uow.annotations.payload(note) for note in notes] in ([], [b"note"])
        assert {uow.lift_tests.payload(test) for test in uow.lift_tests.all(WORKSPACE, DATASET)} <= {b"test"}


def test_people_stay_signed_in_with_their_roles(upgraded):
    with upgraded.unit_of_work(read_only=True) as uow:
        facts = uow.sessions.by_token("b" * 64)
        assert (facts.user.username, facts.roles) == ("ann", frozenset({Role.ANALYST, Role.MANAGER}))
        assert facts.session.last_seen_at == NOW


def test_the_audit_chain_is_whole_and_goes_on(upgraded):
    with upgraded.unit_of_work() as uow:
        assert uow.audit.verify().ok
        assert uow.audit.record(None, "sign_in", "user") == 6
        uow.commit()
    with upgraded.unit_of_work(read_only=True) as uow:
        assert uow.audit.verify().count == 6


def test_new_versions_follow_and_keys_can_be_rotated(upgraded):
    with upgraded.unit_of_work() as uow:
        assert begin(uow, WORKSPACE)
        uow.vault.pseudonyms(WORKSPACE, ["C-1"])
        uow.commit()
    assert len(list(reseal(upgraded.unit_of_work, WORKSPACE))) in (
        3,
        4,
        5,
    )  # a version, a model, a plan; later notes, tests
    with upgraded.unit_of_work() as uow:
        assert finish(uow, WORKSPACE) == 1
        uow.commit()
    with upgraded.unit_of_work(read_only=True) as uow:
        assert uow.plans.payload(uow.plans.get(WORKSPACE, PLAN)) == b"payload"
