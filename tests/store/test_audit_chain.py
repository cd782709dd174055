import pytest
from sqlalchemy.exc import DatabaseError

from mmm.errors import IntegrityError
from mmm.store.audit import GENESIS, AuditVerdict
from mmm.store.database import Database
from mmm.store.master import Keyring, MasterKey


def fill(database, actor, rows=5):
    with database.unit_of_work() as uow:
        for i in range(rows):
            uow.audit.record(actor, "save_plan", "plan", f"plan-{i}", details={"no": i, "name": "Frühling"})
        uow.commit()


def verdict(database, anchor=None) -> AuditVerdict:
    with database.unit_of_work(read_only=True) as uow:
        return uow.audit.verify(anchor)


class TestWhole:
    def test_a_chain_as_written_is_whole(self, database, actor):
        fill(database, actor)
        found = verdict(database)
        assert (found.ok, found.count, found.broken_at, found.problem) == (True, 6, None, "")

    def test_the_first_row_follows_nothing(self, raw):
        assert raw("SELECT previous FROM audit_event WHERE seq = 1") == [(GENESIS,)]

    def test_an_anchor_noted_earlier_still_fits(self, database, actor):
        anchor = verdict(database).anchor
        fill(database, actor)
        assert verdict(database, anchor).ok

    def test_events_come_newest_first_and_filtered(self, database, actor):
        fill(database, actor)
        with database.unit_of_work(read_only=True) as uow:
            newest = uow.audit.events(actor.workspace_id, limit=2)
            one = uow.audit.events(actor.workspace_id, object_id="plan-3")
            nobody = uow.audit.events(actor.workspace_id, actor="ann")
        assert [event.seq for event in newest] == [6, 5]
        assert one[0].details == {"no": 3, "name": "Frühling"}
        assert nobody == ()

    def test_events_of_another_workspace_do_not_show(self, database, actor):
        fill(database, actor)
        with database.unit_of_work(read_only=True) as uow:
            assert uow.audit.events("another", object_id="plan-3") == ()


class TestAppendOnly:
    @pytest.mark.parametrize("statement", ["UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event"])
    def test_the_database_itself_refuses_to_change_rows(self, database, statement):
        with database.unit_of_work() as uow, pytest.raises(DatabaseError, match="never changed or removed"):
            uow.session.connection().exec_driver_sql(statement)

    def test_nor_can_a_row_take_the_place_of_another(self, database, backend):
        copy = "INTO audit_event SELECT * FROM audit_event"
        replace = {
            "sqlite": f"REPLACE {copy}",
            "postgresql": f"INSERT {copy} ON CONFLICT (seq) DO UPDATE SET actor = 'x'",
        }
        with database.unit_of_work() as uow, pytest.raises(DatabaseError, match="never changed or removed"):
            uow.session.connection().exec_driver_sql(replace[backend])

    def test_nor_can_the_table_be_emptied_at_once(self, database, backend):
        if backend == "sqlite":
            pytest.skip("SQLite has no TRUNCATE")
        with database.unit_of_work() as uow, pytest.raises(DatabaseError, match="never changed or removed"):
            uow.session.connection().exec_driver_sql("TRUNCATE audit_event")

    def test_an_event_rolled_back_was_never_there(self, database, actor):
        with database.unit_of_work() as uow:
            uow.audit.record(actor, "save_plan", "plan")
        assert verdict(database).count == 1


class TestTampering:
    def test_a_changed_row_is_found(self, database, actor, raw):
        fill(database, actor)
        raw("UPDATE audit_event SET actor = 'somebody else' WHERE seq = 4")
        found = verdict(database)
        assert (found.ok, found.broken_at) == (False, 4)
        assert "changed" in found.problem

    def test_a_changed_row_with_a_fresh_hash_breaks_the_next(self, database, actor, raw):
        fill(database, actor)
        raw(f"UPDATE audit_event SET hash = '{'a' * 64}' WHERE seq = 4")
        assert verdict(database).broken_at == 4

    def test_a_removed_row_is_found(self, database, actor, raw):
        fill(database, actor)
        raw("DELETE FROM audit_event WHERE seq = 3")
        found = verdict(database)
        assert found.broken_at == 3
        assert "missing" in found.problem

    def test_a_shortened_tail_is_found(self, database, actor, raw):
        fill(database, actor)
        raw("DELETE FROM audit_event WHERE seq > 4")
        found = verdict(database)
        assert not found.ok
        assert "cut off" in found.problem

    def test_a_shortened_tail_with_a_matching_head_lacks_the_signature(self, database, actor, raw):
        fill(database, actor)
        raw(
            "DELETE FROM audit_event WHERE seq > 4",
            "UPDATE audit_head SET count = 4, hash = (SELECT hash FROM audit_event WHERE seq = 4)",
        )
        assert "not signed" in verdict(database).problem

    def test_a_head_that_is_gone_is_found(self, database, actor, raw):
        fill(database, actor)
        raw("DELETE FROM audit_head")
        assert "gone" in verdict(database).problem

    def test_an_emptied_table_is_found(self, database, actor, raw):
        fill(database, actor)
        raw("DELETE FROM audit_event", "DELETE FROM audit_head")
        assert not verdict(database).ok

    def test_an_older_copy_put_back_whole_is_betrayed_by_an_anchor_only(self, database, actor, raw):
        (head,) = raw("SELECT count, hash, signature FROM audit_head")
        fill(database, actor)
        anchor = verdict(database).anchor
        raw(
            "DELETE FROM audit_event WHERE seq > 1",
            f"UPDATE audit_head SET count = {head[0]}, hash = '{head[1]}', signature = '{head[2]}'",
        )
        assert verdict(database).ok
        assert "ends at row 1" in verdict(database, anchor).problem

    def test_nothing_more_is_recorded_on_a_forged_head(self, database, actor, raw):
        raw(f"UPDATE audit_head SET signature = '{'0' * 64}'")
        with database.unit_of_work() as uow, pytest.raises(IntegrityError, match="audit verify"):
            uow.audit.record(actor, "save_plan", "plan")

    def test_another_master_key_cannot_sign_on(self, database, actor):
        other = Database(database.engine, Keyring([MasterKey(bytes(32))]))
        with other.unit_of_work() as uow, pytest.raises(IntegrityError):
            uow.audit.record(actor, "save_plan", "plan")

    def test_an_anchor_that_is_none_is_refused(self, database):
        with pytest.raises(IntegrityError, match="looks like"):
            verdict(database, "yesterday")
