from datetime import UTC, date, datetime

import psycopg
import pytest
from sqlalchemy import event

from mmm.errors import ConflictError, IntegrityError
from mmm.store.tables import AnnotationRow, DatasetRow, DatasetVersionRow, LiftTestRow, new_id

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def add_dataset(uow, workspace, name="Shop"):
    return uow.datasets.add(
        DatasetRow(workspace_id=workspace, name=name, is_sample=False, archived=False, created_at=NOW)
    )


def add_version(uow, dataset, **blobs):
    row = DatasetVersionRow(
        id=new_id(),
        workspace_id=dataset.workspace_id,
        dataset_id=dataset.id,
        source_name="weekly.csv",
        source_sha256="0" * 64,
        source_bytes=1,
        summary={},
        created_by="u",
        created_at=NOW,
    )
    sealed = {name: name.encode() for name in ("panel", "as_read", "findings", "mapping")}
    return uow.datasets.add_version(row, **(sealed | blobs))


@pytest.fixture
def dataset(database, workspace):
    with database.unit_of_work() as uow:
        row = add_dataset(uow, workspace)
        uow.commit()
    return row


def saved(database, dataset, **blobs):
    with database.unit_of_work() as uow:
        row = add_version(uow, dataset, **blobs)
        uow.commit()
    return row.id


class TestVersions:
    def test_lineage_and_table_come_back_as_given(self, database, workspace, dataset):
        made = saved(database, dataset, lineage=b'{"files": 2}', table=b"PAR1")
        with database.unit_of_work(read_only=True) as uow:
            row = uow.datasets.version(workspace, made)
            assert (uow.datasets.lineage(row), uow.datasets.table(row)) == (b'{"files": 2}', b"PAR1")

    def test_a_version_without_them_says_none(self, database, workspace, dataset):
        made = saved(database, dataset)
        with database.unit_of_work(read_only=True) as uow:
            row = uow.datasets.version(workspace, made)
            assert (uow.datasets.lineage(row), uow.datasets.table(row)) == (None, None)

    def test_numbers_follow_each_other(self, database, workspace, dataset):
        for _ in range(3):
            saved(database, dataset)
        with database.unit_of_work(read_only=True) as uow:
            assert [row.number for row in uow.datasets.versions(workspace, dataset.id)] == [3, 2, 1]

    def test_a_number_that_somebody_took_in_between_is_a_conflict(self, database, workspace, dataset, url, backend):
        if backend == "sqlite":
            pytest.skip("SQLite lets nobody in between")

        def overtake(_connection, _cursor, statement, *_rest):
            if statement.startswith("INSERT INTO dataset_version"):  # without the writer's lock, as another program
                with psycopg.connect(url) as other:
                    other.execute(
                        "INSERT INTO dataset_version VALUES "
                        "('o', %s, %s, NULL, 1, 'f', '', 1, '{}', 'u', now(), '', '', '', '')",
                        (workspace, dataset.id),
                    )

        event.listen(database.engine, "before_cursor_execute", overtake)
        with database.unit_of_work() as uow, pytest.raises(ConflictError, match="version 1 at the same moment"):
            add_version(uow, dataset)


class TestNames:
    def test_a_dataset_can_be_renamed(self, database, workspace, dataset):
        with database.unit_of_work() as uow:
            uow.datasets.rename(uow.datasets.get(workspace, dataset.id), "Shop, Germany")
            uow.commit()
        with database.unit_of_work(read_only=True) as uow:
            assert uow.datasets.by_name(workspace, "Shop, Germany").id == dataset.id

    def test_not_to_a_name_that_another_has(self, database, workspace, dataset):
        with database.unit_of_work() as uow:
            other = add_dataset(uow, workspace, "Other")
            with pytest.raises(ConflictError, match="“Shop” already"):
                uow.datasets.rename(other, "Shop")

    def test_a_second_dataset_of_the_same_name_is_refused(self, database, workspace, dataset):
        with database.unit_of_work() as uow, pytest.raises(ConflictError, match="“Shop” already"):
            add_dataset(uow, workspace)


class TestAnnotations:
    @pytest.fixture
    def note(self, database, workspace, dataset):
        """`note("launch", date(...))`: the id of a stored annotation."""

        def add(kind, first, payload=b'{"text": "New site"}'):
            with database.unit_of_work() as uow:
                row = AnnotationRow(
                    id=new_id(),
                    workspace_id=workspace,
                    dataset_id=dataset.id,
                    kind=kind,
                    first=first,
                    last=first,
                    created_by="u",
                    created_at=NOW,
                )
                uow.annotations.add(row, payload)
                uow.commit()
            return row.id

        return add

    def test_its_words_come_back(self, database, workspace, note):
        made = note("launch", date(2026, 1, 5))
        with database.unit_of_work(read_only=True) as uow:
            row = uow.annotations.get(workspace, made)
            assert (row.first, uow.annotations.payload(row)) == (date(2026, 1, 5), b'{"text": "New site"}')

    def test_they_come_by_day(self, database, workspace, dataset, note):
        note("outage", date(2026, 2, 2))
        note("launch", date(2026, 1, 5))
        with database.unit_of_work(read_only=True) as uow:
            assert [row.kind for row in uow.annotations.all(workspace, dataset.id)] == ["launch", "outage"]

    def test_one_that_was_removed_is_gone(self, database, workspace, dataset, note):
        made = note("launch", date(2026, 1, 5))
        with database.unit_of_work() as uow:
            uow.annotations.remove(uow.annotations.get(workspace, made))
            uow.commit()
        with database.unit_of_work(read_only=True) as uow:
            assert uow.annotations.all(workspace, dataset.id) == []

    def test_those_of_another_workspace_are_not_found(self, database, note):
        made = note("launch", date(2026, 1, 5))
        with database.unit_of_work(read_only=True) as uow:
            assert uow.annotations.get("another", made) is None


class TestLiftTests:
    @pytest.fixture
    def stored(self, database, workspace, dataset):
        """`stored(date(...))`: the id of a stored lift test."""

        def add(first):
            with database.unit_of_work() as uow:
                row = LiftTestRow(
                    id=new_id(),
                    workspace_id=workspace,
                    dataset_id=dataset.id,
                    first=first,
                    last=first,
                    created_by="u",
                    created_at=NOW,
                )
                uow.lift_tests.add(row, b"{}")
                uow.commit()
            return row.id

        return add

    def test_they_come_by_day_with_what_was_sealed(self, database, workspace, dataset, stored):
        late, early = stored(date(2026, 2, 2)), stored(date(2026, 1, 5))
        with database.unit_of_work(read_only=True) as uow:
            rows = uow.lift_tests.all(workspace, dataset.id)
            assert [row.id for row in rows] == [early, late]
            assert {uow.lift_tests.payload(row) for row in rows} == {b"{}"}

    def test_one_that_was_withdrawn_stays_and_counts_no_more(self, database, workspace, dataset, stored):
        made = stored(date(2026, 1, 5))
        with database.unit_of_work() as uow:
            uow.lift_tests.withdraw(uow.lift_tests.get(workspace, made), NOW)
            uow.commit()
        with database.unit_of_work(read_only=True) as uow:
            assert uow.lift_tests.all(workspace, dataset.id, withdrawn=False) == []
            assert [row.withdrawn_at for row in uow.lift_tests.all(workspace, dataset.id)] == [NOW]

    def test_those_of_another_workspace_are_not_found(self, database, stored):
        made = stored(date(2026, 1, 5))
        with database.unit_of_work(read_only=True) as uow:
            assert uow.lift_tests.get("another", made) is None


class TestPseudonyms:
    @pytest.fixture
    def ids(self, database, workspace):
        """`ids("a", "b")`: their pseudonyms, in a unit of work of their own."""

        def find(*texts, workspace_id=workspace):
            with database.unit_of_work() as uow:
                found = uow.vault.pseudonyms(workspace_id, texts)
                uow.commit()
            return found

        return find

    def test_the_same_text_gets_the_same_id_at_any_time(self, ids):
        assert ids("C-1", "C-2", "C-1") == [*ids("C-1", "C-2"), *ids("C-1")]

    def test_an_id_tells_nothing_and_looks_like_one(self, ids):
        assert ids("ann@example.com")[0].removeprefix("id_").isalnum()
        assert len(set(ids("C-1", "C-2"))) == 2

    def test_space_around_and_accents_typed_otherwise_do_not_matter(self, ids):
        assert ids(" José ") == ids("Jose\u0301")

    def test_capitals_matter_except_in_an_address(self, ids):
        assert ids("a1") != ids("A1")
        assert ids("Ann@Example.com") == ids("ann@example.com")

    def test_a_blank_is_nobody(self, ids):
        assert ids("", "  ") == ["", ""]

    def test_another_workspace_has_other_ids(self, database, ids):
        with database.unit_of_work() as uow:
            other = uow.users.add_workspace("Other", NOW).id
            uow.commit()
        assert ids("C-1") != ids("C-1", workspace_id=other)

    def test_ids_stay_when_rows_get_a_new_key(self, database, workspace, ids):
        before = ids("C-1")
        with database.unit_of_work() as uow:
            uow.vault.create_key(workspace)
            uow.commit()
        assert ids("C-1") == before

    def test_its_key_does_not_seal_rows(self, database, workspace, ids):
        ids("C-1")
        with database.unit_of_work() as uow:
            sealed = uow.vault.seal(workspace, "plan/1/payload", b"x")
            assert uow.vault.open(workspace, "plan/1/payload", sealed) == b"x"
            key = uow.vault._newest(workspace, "pseudonyms")
            moved = sealed[:4] + bytes.fromhex(key.id) + sealed[20:]
            with pytest.raises(IntegrityError, match="missing"):
                uow.vault.open(workspace, "plan/1/payload", moved)
