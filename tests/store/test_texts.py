"""Characters that no database holds: half a surrogate pair, and on PostgreSQL U+0000."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import String

from mmm.store.tables import Base, DatasetRow
from mmm.store.text import Text, storable, storable_tree

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STRANGE = pytest.mark.parametrize("strange", ["a\x00b", "a\udce9b"], ids=["nul", "surrogate"])


def test_every_column_of_texts_takes_them():
    plain = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, String) and not isinstance(column.type, Text)
    ]
    assert plain == []


@STRANGE
def test_a_text_with_one_is_stored_with_a_sign_in_its_place(database, workspace, strange):
    with database.unit_of_work() as uow:
        uow.datasets.add(
            DatasetRow(workspace_id=workspace, name=strange, is_sample=False, archived=False, created_at=NOW)
        )
        uow.commit()
    with database.unit_of_work(read_only=True) as uow:
        assert [row.name for row in uow.datasets.all(workspace)] == ["a\ufffdb"]


@STRANGE
def test_looking_for_one_finds_nothing_and_breaks_nothing(database, workspace, strange):
    with database.unit_of_work(read_only=True) as uow:
        assert uow.users.by_username(strange) is None
        assert uow.datasets.by_name(workspace, strange) is None
        assert uow.datasets.get(workspace, strange) is None
        assert uow.audit.events(workspace, actor=strange, object_id=strange) == ()


@STRANGE
def test_an_audit_row_with_one_is_written_and_the_chain_stays_whole(database, actor, strange):
    with database.unit_of_work() as uow:
        uow.audit.record(actor, "upload", "file", strange, details={"file": strange, strange: [{"name": strange}]})
        uow.commit()
    with database.unit_of_work(read_only=True) as uow:
        assert uow.audit.verify().ok
        newest = uow.audit.events(actor.workspace_id, limit=1)[0]
    assert newest.object_id == "a\ufffdb"
    assert newest.details == {"file": "a\ufffdb", "a\ufffdb": [{"name": "a\ufffdb"}]}


@pytest.mark.parametrize("text", ["", "Frühling 🌷", "tab\tand\nline", "\ufffd"])
def test_every_other_text_stays_as_it_is(text):
    assert storable(text) == text
    assert storable_tree({"a": (text, 1, None, 0.5)}) == {"a": [text, 1, None, 0.5]}
