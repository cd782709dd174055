import pytest
from typer.testing import CliRunner

from mmm.bootstrap import build_services
from mmm.cli import app
from mmm.errors import IntegrityError


@pytest.fixture
def mmm(settings, first_run, monkeypatch):
    """`mmm("keys", "rotate")`: run a command on the installation of this test."""
    monkeypatch.setenv("MMM_VAR_DIR", str(settings.var_dir))
    return lambda *words: CliRunner().invoke(app, words)


def test_a_server_goes_on_reading_and_writing_after_both_keys_were_replaced(mmm, services, person, upload):
    version = upload().id
    assert "1 rows sealed anew, 1 older keys removed" in mmm("keys", "rotate").stdout
    assert mmm("keys", "rotate-master").exit_code == 0
    assert services.datasets.as_read(person("analyst"), version)["sales"].tolist() == ["4711,50"]
    upload(name="Second")
    assert services.audit.verify(person("auditor")).ok


def test_replacing_keys_is_in_the_audit_table(mmm, services, events):
    mmm("keys", "rotate")
    mmm("keys", "rotate-master")
    mmm("keys", "forget-old")
    assert events("rotate_data_key")[0].details == {"resumed": False}
    assert events("remove_data_key")[0].details == {"keys": 1, "rows": 0}
    assert events("rotate_master_key")[0].details["data_keys"] == 1
    assert events("forget_master_keys")[0].actor == "system"


def test_a_rotation_of_the_master_key_that_was_cut_off_is_finished_at_the_next_start(
    settings, services, person, upload, events, monkeypatch, clock
):
    version = upload().id
    monkeypatch.setattr("mmm.store.audit.AuditLog.record", None)
    with pytest.raises(TypeError):
        services.keys.rotate_master(person("admin"))
    monkeypatch.undo()
    again = build_services(settings, clock=clock)
    try:
        settings.master_key_path.write_bytes(settings.master_key_path.read_bytes()[:32])
        assert again.datasets.as_read(person("analyst"), version).shape == (1, 2)
        assert again.audit.verify(person("auditor")).ok
        assert events("rotate_master_key")[0].details["resumed"]
    finally:
        again.close()


def test_an_installation_whose_audit_head_was_forged_still_starts_so_that_it_can_be_looked_into(
    settings, services, person, upload, monkeypatch, clock
):
    version = upload().id
    monkeypatch.setattr("mmm.store.audit.AuditLog.record", None)
    with pytest.raises(TypeError):
        services.keys.rotate_master(person("admin"))  # cut off: the next start would finish it
    monkeypatch.undo()
    with services.unit_of_work() as uow:
        uow.session.connection().exec_driver_sql("UPDATE audit_head SET signature = ''")
        uow.commit()
    again = build_services(settings, clock=clock)
    try:
        assert again.datasets.as_read(person("analyst"), version).shape == (1, 2)
        assert "not signed" in again.audit.verify(person("auditor")).problem
    finally:
        again.close()


def test_another_key_file_is_refused_at_the_start(settings, first_run):
    settings.master_key_path.write_bytes(bytes(32))
    with pytest.raises(IntegrityError, match="does not fit"):
        build_services(settings)
