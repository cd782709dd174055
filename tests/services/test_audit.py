import sqlite3

import pytest

from mmm.errors import ConflictError, NotAllowedError


def test_auditors_and_administrators_read_and_verify(services, person):
    for role in ("auditor", "admin"):
        assert services.audit.events(person(role))
        assert services.audit.verify(person(role)).ok


def test_verifying_is_recorded_and_leaves_the_chain_whole(services, person, events):
    first = services.audit.verify(person("auditor"))
    assert events("verify_audit")[0].details == {"rows": first.count}
    assert services.audit.verify(person("auditor"), anchor=first.anchor).count == first.count + 1


def test_a_broken_chain_is_told_even_though_nothing_can_be_recorded(services, person, settings):
    auditor = person("auditor")
    with sqlite3.connect(settings.database_path) as raw:
        raw.execute("DROP TRIGGER audit_event_no_delete")
        raw.execute("DELETE FROM audit_event WHERE seq = 2")
    raw.close()
    verdict = services.audit.verify(auditor)
    assert (verdict.ok, verdict.broken_at) == (False, 2)


def test_an_export_is_recorded_before_it_is_handed_over(services, person, events):
    services.audit.record_export(person("manager"), "plan", "p1", format="xlsx", details={"rows": 12})
    (event,) = events("export")
    assert (event.actor, event.object_id, event.details) == ("manager", "p1", {"format": "xlsx", "rows": 12})


def test_who_may_not_export_records_none(services, person):
    with pytest.raises(NotAllowedError):
        services.audit.record_export(person("engineer"), "plan", None, format="csv")


class TestBackups:
    def test_a_backup_is_a_whole_private_database_of_its_own(self, services, person, tmp_path):
        size = services.backups.make(person("admin"), tmp_path / "copy.sqlite3")
        assert (tmp_path / "copy.sqlite3").stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "copy.sqlite3").stat().st_size == size
        with sqlite3.connect(tmp_path / "copy.sqlite3") as raw:
            assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert raw.execute("SELECT count(*) FROM user").fetchone() == (6,)
        raw.close()

    def test_an_existing_file_is_not_overwritten(self, services, person, tmp_path):
        (tmp_path / "copy.sqlite3").write_text("precious")
        with pytest.raises(ConflictError, match="exists already"):
            services.backups.make(person("admin"), tmp_path / "copy.sqlite3")
        assert (tmp_path / "copy.sqlite3").read_text() == "precious"

    def test_it_is_recorded(self, services, person, tmp_path, events):
        services.backups.make(person("admin"), tmp_path / "copy.sqlite3")
        assert events("back_up")[0].details["file"] == "copy.sqlite3"
