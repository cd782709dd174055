"""New keys for old, while others read, and after being cut off."""

from datetime import UTC, date, datetime

import pytest

from mmm.errors import ConflictError, IntegrityError
from mmm.store import rotation
from mmm.store.database import Database
from mmm.store.keys import ruling_key
from mmm.store.master import Keyring, MasterKey, create_keyring, read_keyring
from mmm.store.tables import (
    AnnotationRow,
    Base,
    DatasetRow,
    DatasetVersionRow,
    LiftTestRow,
    ModelVersionRow,
    PlanRow,
    TwinRow,
    new_id,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BLOBS = ("panel", "as_read", "findings", "mapping", "lineage", "table")


def fill(uow, workspace):
    """A row in every table that seals something; returns what was sealed, by table and column."""
    common = {"workspace_id": workspace, "created_at": NOW}
    dataset = uow.datasets.add(DatasetRow(name="Shop", is_sample=False, archived=False, **common))
    version = DatasetVersionRow(
        id=new_id(),
        dataset_id=dataset.id,
        source_name="weekly.csv",
        source_sha256="0" * 64,
        source_bytes=1,
        summary={},
        created_by="u",
        **common,
    )
    uow.datasets.add_version(version, **{name: name.encode() for name in BLOBS})
    of_dataset = {"dataset_id": dataset.id, **common}
    model = ModelVersionRow(
        id=new_id(),
        dataset_version_id=version.id,
        family="ridge",
        metrics={},
        health={},
        status="ready",
        created_by="u",
        **of_dataset,
    )
    uow.models.add(model, state=b"state", results=b"results")
    plan = PlanRow(
        id=new_id(),
        model_version_id=model.id,
        owner_id="u",
        name="Q2",
        status="draft",
        version=1,
        updated_at=NOW,
        **of_dataset,
    )
    uow.plans.add(plan, b"plan")
    note = AnnotationRow(
        id=new_id(), kind="launch", first=date(2026, 1, 5), last=date(2026, 1, 5), created_by="u", **of_dataset
    )
    uow.annotations.add(note, b"note")
    test = LiftTestRow(id=new_id(), first=date(2026, 1, 5), last=date(2026, 2, 1), created_by="u", **of_dataset)
    uow.lift_tests.add(test, b"test")
    twin = TwinRow(id=new_id(), dataset_version_id=version.id, run=version.id, number=0, **common)
    uow.twins.add(twin, b"twin")


def everything(uow, workspace):
    """What the repositories open, by table and column."""
    (dataset,) = uow.datasets.all(workspace)
    (version,) = uow.datasets.versions(workspace, dataset.id)
    (model,) = uow.models.of_dataset(workspace, dataset.id)
    (plan,) = uow.plans.of_dataset(workspace, dataset.id)
    (note,) = uow.annotations.all(workspace, dataset.id)
    (test,) = uow.lift_tests.all(workspace, dataset.id)
    (twin,) = uow.twins.of_run(workspace, version.id)
    return {
        **{("dataset_version", name): getattr(uow.datasets, name)(version) for name in BLOBS},
        ("model_version", "state"): uow.models.state(model),
        ("model_version", "results"): uow.models.results(model),
        ("plan", "payload"): uow.plans.payload(plan),
        ("annotation", "payload"): uow.annotations.payload(note),
        ("lift_test", "payload"): uow.lift_tests.payload(test),
        ("twin", "outcome"): uow.twins.outcome(twin),
    }


STORED = {
    **{("dataset_version", name): name.encode() for name in BLOBS},
    ("model_version", "state"): b"state",
    ("model_version", "results"): b"results",
    ("plan", "payload"): b"plan",
    ("annotation", "payload"): b"note",
    ("lift_test", "payload"): b"test",
    ("twin", "outcome"): b"twin",
}


@pytest.fixture
def filled(database, workspace):
    with database.unit_of_work() as uow:
        fill(uow, workspace)
        uow.commit()
    return database


def read(database, workspace):
    with database.unit_of_work(read_only=True) as uow:
        return everything(uow, workspace)


def begin(database, workspace):
    with database.unit_of_work() as uow:
        fresh = rotation.begin(uow, workspace)
        uow.commit()
    return fresh


def finish(database, workspace):
    with database.unit_of_work() as uow:
        removed = rotation.finish(uow, workspace)
        uow.commit()
    return removed


def rotate(database, workspace):
    begin(database, workspace)
    list(rotation.reseal(database.unit_of_work, workspace))
    return finish(database, workspace)


def keys_in_use(database, workspace):
    """Ids of the data keys that sealed bytes name."""
    with database.engine.connect() as connection:
        found = set()
        for table, names in rotation.sealed_columns().items():
            for name in names:
                column = Base.metadata.tables[table.__tablename__].c[name]
                found |= {
                    sealed[4:20].hex()
                    for (sealed,) in connection.execute(column.table.select().with_only_columns(column))
                }
        return found


def row_keys(database, workspace):
    with database.unit_of_work(read_only=True) as uow:
        return [row.id for row in uow.vault.row_keys(workspace)]


class TestDataKeys:
    def test_every_encrypted_column_of_the_schema_is_rotated_here(self):
        columns = {
            (table.name, column.name.removesuffix("_sealed"))
            for table in Base.metadata.tables.values()
            for column in table.columns
            if column.name.endswith("_sealed")
        }
        assert columns == set(STORED)

    def test_afterwards_everything_is_sealed_with_the_new_key_and_reads_as_before(self, filled, workspace):
        rotate(filled, workspace)
        assert keys_in_use(filled, workspace) == set(row_keys(filled, workspace))
        assert read(filled, workspace) == STORED

    def test_the_older_key_is_gone(self, filled, workspace):
        before = row_keys(filled, workspace)
        assert rotate(filled, workspace) == 1
        after = row_keys(filled, workspace)
        assert len(after) == 1
        assert after != before

    def test_the_key_of_pseudonyms_stays(self, filled, workspace):
        with filled.unit_of_work() as uow:
            before = uow.vault.pseudonyms(workspace, ["C-1"])
            uow.commit()
        rotate(filled, workspace)
        with filled.unit_of_work(read_only=True) as uow:
            assert uow.vault.pseudonyms(workspace, ["C-1"]) == before

    def test_others_read_and_write_after_every_step(self, filled, workspace):
        other = Database(filled.engine, filled.keyring)  # with nothing in memory, as another server
        begin(filled, workspace)
        for _ in rotation.reseal(filled.unit_of_work, workspace):
            assert read(other, workspace) == STORED
            with other.unit_of_work() as uow:
                (plan,) = uow.plans.of_dataset(workspace, None)
                uow.plans.write(plan, b"plan")
                uow.commit()
        finish(filled, workspace)
        assert read(other, workspace) == STORED

    def test_a_reader_who_began_before_goes_on_with_what_it_saw(self, filled, workspace):
        with filled.unit_of_work(read_only=True) as uow:
            uow.users.workspaces()  # a snapshot begins with its first look
            rotate(Database(filled.engine, filled.keyring), workspace)
            assert everything(uow, workspace) == STORED

    def test_one_that_was_cut_off_goes_on_where_it_stopped(self, filled, workspace):
        begin(filled, workspace)
        cut_off = rotation.reseal(filled.unit_of_work, workspace)
        done = [next(cut_off), next(cut_off)]
        cut_off.close()
        assert read(filled, workspace) == STORED
        assert not begin(filled, workspace)
        rest = list(rotation.reseal(filled.unit_of_work, workspace))
        assert len(rest) == len({table for table, _ in STORED}) - 2
        assert not set(rest) & set(done)
        assert finish(filled, workspace) == 1
        assert read(filled, workspace) == STORED

    def test_an_error_halfway_loses_nothing(self, filled, workspace, monkeypatch):
        begin(filled, workspace)
        steps = rotation.reseal(filled.unit_of_work, workspace)
        next(steps)
        monkeypatch.setattr("mmm.store.keys.Vault.seal", None)
        with pytest.raises(TypeError):
            next(steps)
        monkeypatch.undo()
        assert read(filled, workspace) == STORED
        rotate(filled, workspace)
        assert read(filled, workspace) == STORED

    def test_an_older_key_that_is_needed_is_not_removed(self, filled, workspace):
        begin(filled, workspace)
        with filled.unit_of_work() as uow, pytest.raises(ConflictError, match="run the rotation again"):
            rotation.finish(uow, workspace)

    def test_a_clock_put_back_does_not_make_the_older_key_the_newest(self, filled, workspace, raw):
        raw("UPDATE data_key SET created_at = '2099-01-01 00:00:00.000000'")
        before = row_keys(filled, workspace)
        rotate(filled, workspace)
        assert row_keys(filled, workspace) != before
        assert read(filled, workspace) == STORED

    def test_rows_of_another_workspace_keep_their_key(self, filled, workspace):
        with filled.unit_of_work() as uow:
            other = uow.users.add_workspace("Other", NOW).id
            uow.vault.create_key(other)
            fill(uow, other)
            uow.commit()
        before = row_keys(filled, other)
        rotate(filled, workspace)
        assert row_keys(filled, other) == before
        assert read(filled, other) == STORED

    def test_bytes_that_were_changed_stop_it_and_are_named(self, filled, workspace):
        with filled.unit_of_work() as uow:
            (plan,) = uow.plans.of_dataset(workspace, None)
            plan.payload_sealed = plan.payload_sealed[:-1] + bytes([plan.payload_sealed[-1] ^ 1])
            uow.commit()
        with pytest.raises(IntegrityError, match=f"plan/{plan.id}/payload"):
            rotate(filled, workspace)


class TestMasterKeys:
    @pytest.fixture
    def installed(self, filled, workspace, tmp_path):
        """The filled database, its master key in a file."""
        path = tmp_path / "keys" / "master.key"
        path.parent.mkdir(mode=0o700)
        path.touch(0o600)
        path.write_bytes(bytes(range(32)))
        return Database(filled.engine, read_keyring(path)), path

    def replace(self, database):
        with database.unit_of_work() as uow:
            rewrapped = rotation.replace_master_key(uow.session, database.keyring)
            uow.audit.record(None, "rotate_master_key", "installation")
            uow.commit()
        return rewrapped

    def test_everything_reads_under_the_new_key_alone_and_the_chain_is_whole(self, installed, workspace):
        database, path = installed
        self.replace(database)
        alone = Database(database.engine, Keyring([MasterKey(path.read_bytes()[:32])]))
        assert read(alone, workspace) == STORED
        with alone.unit_of_work(read_only=True) as uow:
            assert uow.audit.verify().ok

    def test_the_old_key_alone_is_refused_with_words(self, installed, workspace):
        database, _ = installed
        self.replace(database)
        with pytest.raises(IntegrityError, match="does not fit"):
            read(Database(database.engine, Keyring([MasterKey(bytes(range(32)))])), workspace)

    def test_the_file_holds_both_newest_first_and_stays_private(self, installed):
        database, path = installed
        self.replace(database)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_bytes()[32:] == bytes(range(32))
        assert [entry.name for entry in path.parent.iterdir()] == ["master.key"]

    def test_the_key_of_pseudonyms_is_rewrapped_too(self, installed, workspace):
        database, _ = installed
        with database.unit_of_work() as uow:
            before = uow.vault.pseudonyms(workspace, ["C-1"])
            uow.commit()
        assert self.replace(database) == 2
        with Database(database.engine, database.keyring).unit_of_work(read_only=True) as uow:
            assert uow.vault.pseudonyms(workspace, ["C-1"]) == before

    def test_a_running_server_reads_the_key_file_again(self, installed, workspace, actor):
        database, path = installed
        server = Database(database.engine, read_keyring(path))
        self.replace(database)
        assert read(server, workspace) == STORED
        with server.unit_of_work() as uow:
            uow.audit.record(actor, "save_plan", "plan")
            uow.vault.create_key(workspace)
            uow.commit()
        with database.unit_of_work(read_only=True) as uow:
            assert uow.audit.verify().ok
            assert {row.master_key_id for row in uow.vault.row_keys(workspace)} == {database.keyring.newest.id}

    def test_a_reader_who_began_before_still_finds_the_chain_whole(self, installed):
        database, _ = installed
        with database.unit_of_work(read_only=True) as uow:
            uow.users.workspaces()
            self.replace(database)
            assert uow.audit.verify().ok

    def test_one_that_was_cut_off_after_the_file_was_written_is_finished_later(self, installed, workspace):
        database, path = installed
        with database.unit_of_work() as uow:
            rotation.replace_master_key(uow.session, database.keyring)  # and no commit
        keyring = read_keyring(path)
        assert read(Database(database.engine, keyring), workspace) == STORED
        with database.unit_of_work() as uow:
            assert rotation.rewrap(uow.session, keyring) == 1
            uow.commit()
        with database.unit_of_work(read_only=True) as uow:
            assert ruling_key(uow.session, keyring).id == keyring.newest.id
            assert uow.audit.verify().ok

    def test_a_file_that_does_not_open_the_database_is_not_written_to(self, filled, tmp_path):
        keyring = create_keyring(tmp_path / "master.key")
        before = (tmp_path / "master.key").read_bytes()
        with filled.unit_of_work() as uow, pytest.raises(IntegrityError, match="does not fit"):
            rotation.replace_master_key(uow.session, keyring)
        assert (tmp_path / "master.key").read_bytes() == before

    def test_over_a_forged_head_no_key_is_added(self, installed, raw):
        database, path = installed
        raw(f"UPDATE audit_head SET signature = '{'0' * 64}'")
        with database.unit_of_work() as uow, pytest.raises(IntegrityError, match="audit verify"):
            rotation.replace_master_key(uow.session, database.keyring)
        assert path.read_bytes() == bytes(range(32))

    def test_a_head_that_was_forged_in_between_is_not_signed_anew_and_everything_still_reads(
        self, installed, workspace, raw
    ):
        database, path = installed
        with database.unit_of_work() as uow:
            rotation.replace_master_key(uow.session, database.keyring)  # and no commit
        raw(f"UPDATE audit_head SET signature = '{'0' * 64}'")
        again = Database(database.engine, read_keyring(path))
        with again.unit_of_work() as uow:
            assert rotation.rewrap(uow.session, again.keyring) == 0
        assert read(again, workspace) == STORED
        with again.unit_of_work(read_only=True) as uow:
            assert "not signed" in uow.audit.verify().problem

    def test_keys_that_a_killed_process_left_beside_the_file_go_with_the_next_change(self, installed):
        database, path = installed
        path.with_name("master.key.new").write_bytes(bytes(64))
        self.replace(database)
        assert [entry.name for entry in path.parent.iterdir()] == ["master.key"]

    def test_older_keys_can_be_forgotten(self, installed, workspace):
        database, path = installed
        self.replace(database)
        with database.unit_of_work() as uow:
            assert rotation.forget_older_master_keys(uow.session, database.keyring) == 1
        assert len(path.read_bytes()) == 32
        assert read(Database(database.engine, read_keyring(path)), workspace) == STORED

    def test_but_not_the_one_the_database_is_under(self, installed):
        database, path = installed
        with database.unit_of_work() as uow:
            rotation.replace_master_key(uow.session, database.keyring)  # and no commit
        with database.unit_of_work() as uow, pytest.raises(ConflictError, match="older master key"):
            rotation.forget_older_master_keys(uow.session, database.keyring)
        assert len(path.read_bytes()) == 64
