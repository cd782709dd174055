import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from mmm.errors import IntegrityError
from mmm.store.database import Database
from mmm.store.keys import PSEUDONYMS, ROWS, check_master_keys
from mmm.store.master import Keyring, MasterKey, create_keyring, read_keyring

PLACE = "plan/1/payload"


def sealed(database, workspace, data=b"budget 4711", place=PLACE):
    with database.unit_of_work() as uow:
        return uow.vault.seal(workspace, place, data)


def opened(database, workspace, data, place=PLACE):
    with database.unit_of_work(read_only=True) as uow:
        return uow.vault.open(workspace, place, data)


class TestSealing:
    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(data=st.binary(max_size=2000))
    def test_what_was_sealed_opens_again_unchanged(self, database, workspace, data):
        assert opened(database, workspace, sealed(database, workspace, data)) == data

    def test_sealed_bytes_do_not_contain_the_data_and_never_repeat(self, database, workspace):
        first, second = sealed(database, workspace), sealed(database, workspace)
        assert b"4711" not in first
        assert first != second

    def test_bytes_moved_to_another_row_do_not_open(self, database, workspace):
        with pytest.raises(IntegrityError, match="belong elsewhere"):
            opened(database, workspace, sealed(database, workspace), "plan/2/payload")

    @pytest.mark.parametrize("position", [22, -1])
    def test_a_changed_byte_is_noticed(self, database, workspace, position):
        data = bytearray(sealed(database, workspace))
        data[position] ^= 1
        with pytest.raises(IntegrityError):
            opened(database, workspace, bytes(data))

    def test_bytes_of_another_workspace_do_not_open(self, database, workspace):
        with pytest.raises(IntegrityError, match="missing from this workspace"):
            opened(database, "another", sealed(database, workspace))

    def test_bytes_that_were_never_sealed_are_refused(self, database, workspace):
        with pytest.raises(IntegrityError, match="known format"):
            opened(database, workspace, b"plain")

    def test_rows_sealed_before_a_new_data_key_stay_readable(self, database, workspace):
        before = sealed(database, workspace)
        with database.unit_of_work() as uow:
            uow.vault.create_key(workspace)
            uow.commit()
        after = sealed(database, workspace)
        assert before[4:20] != after[4:20]
        assert opened(database, workspace, before) == opened(database, workspace, after)

    def test_a_data_key_rolled_back_seals_nothing(self, database):
        with database.unit_of_work() as uow:
            other = uow.users.add_workspace("Other", uow.users.workspaces()[0].created_at)
            uow.vault.create_key(other.id)
            uow.vault.seal(other.id, PLACE, b"x")
        with database.unit_of_work() as uow, pytest.raises(IntegrityError, match="no data key"):
            uow.vault.seal(other.id, PLACE, b"x")

    @pytest.mark.parametrize(("purpose", "other"), [(ROWS, PSEUDONYMS), (PSEUDONYMS, ROWS)])
    def test_a_key_for_one_purpose_is_not_taken_for_the_other(self, database, workspace, raw, purpose, other):
        with database.unit_of_work() as uow:
            uow.vault.pseudonyms(workspace, ["C-1"])
            uow.commit()
        raw(f"DELETE FROM data_key WHERE purpose = '{other}'", f"UPDATE data_key SET purpose = '{other}'")
        afresh = Database(database.engine, database.keyring)  # with nothing in memory
        with afresh.unit_of_work() as uow, pytest.raises(IntegrityError):
            uow.vault.seal(workspace, "p", b"x") if other == ROWS else uow.vault.pseudonyms(workspace, ["C-1"])


class TestMasterKey:
    def test_another_key_is_refused_before_anything_is_read(self, database):
        with Session(database.engine) as session, pytest.raises(IntegrityError, match="does not fit"):
            check_master_keys(session, Keyring([MasterKey(bytes(32))]))

    def test_a_key_with_the_right_name_but_other_bytes_is_refused(self, database, workspace, raw):
        data = sealed(database, workspace)
        other = MasterKey(bytes(32))
        raw(f"UPDATE data_key SET master_key_id = '{other.id}'")
        with Session(database.engine) as session, pytest.raises(IntegrityError, match="does not fit"):
            check_master_keys(session, Keyring([other]))
        with pytest.raises(IntegrityError, match="does not fit"):
            opened(Database(database.engine, Keyring([other])), workspace, data)

    def test_the_right_key_is_accepted(self, database):
        with Session(database.engine) as session:
            check_master_keys(session, database.keyring)

    def test_a_fresh_key_file_is_private_and_reads_back(self, tmp_path):
        path = tmp_path / "keys" / "master.key"
        made = create_keyring(path)
        read = read_keyring(path)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert read is not None
        assert read.newest.id == made.newest.id

    def test_an_existing_key_is_never_overwritten(self, tmp_path):
        create_keyring(tmp_path / "master.key")
        with pytest.raises(FileExistsError):
            create_keyring(tmp_path / "master.key")

    def test_one_that_was_cut_off_leaves_no_key_and_stands_in_nobodys_way(self, tmp_path, monkeypatch):
        path = tmp_path / "keys" / "master.key"
        monkeypatch.setattr("os.link", None)
        with pytest.raises(TypeError):
            create_keyring(path)
        monkeypatch.undo()
        assert read_keyring(path) is None
        create_keyring(path)
        assert [entry.name for entry in path.parent.iterdir()] == ["master.key"]

    def test_a_key_that_others_can_read_is_refused(self, tmp_path):
        create_keyring(tmp_path / "master.key")
        (tmp_path / "master.key").chmod(0o640)
        with pytest.raises(IntegrityError, match="chmod 600"):
            read_keyring(tmp_path / "master.key")

    def test_a_shortened_key_is_refused(self, tmp_path):
        (tmp_path / "master.key").write_bytes(b"short")
        (tmp_path / "master.key").chmod(0o600)
        with pytest.raises(IntegrityError, match="32"):
            read_keyring(tmp_path / "master.key")

    def test_no_key_file_is_no_key(self, tmp_path):
        assert read_keyring(tmp_path / "none") is None
