import hashlib

import numpy as np
import pandas as pd
import pytest

from mmm.access import Role
from mmm.data.findings import Finding, Severity
from mmm.errors import ConflictError, IntegrityError, NotAllowedError, NotFoundError, SpecError


@pytest.fixture
def datasets(services):
    return services.datasets


class TestSaving:
    def test_a_first_version_carries_where_it_came_from(self, upload, panel):
        info = upload(content=b"the bytes")
        assert (info.number, info.parent_id, info.source_name) == (1, None, "weekly.csv")
        assert (info.source_sha256, info.source_bytes) == (hashlib.sha256(b"the bytes").hexdigest(), 9)
        assert info.created_by == "Analyst"
        assert info.summary["periods"] == panel.n_periods
        assert info.summary["channels"] == 5

    def test_a_correction_is_a_new_version_of_the_same_dataset(self, datasets, upload, person):
        first = upload()
        second = upload(dataset_id=first.dataset_id)
        assert (second.number, second.parent_id) == (2, first.id)
        assert [v.number for v in datasets.versions(person("manager"), first.dataset_id)] == [2, 1]

    def test_a_name_is_taken_once(self, upload):
        upload(name="Shop")
        with pytest.raises(ConflictError, match="Shop"):
            upload(name="Shop")

    @pytest.mark.parametrize("name", ["", "   ", "x" * 201])
    def test_a_dataset_needs_a_name(self, upload, name):
        with pytest.raises(SpecError, match="name"):
            upload(name=name)

    def test_a_version_of_a_dataset_that_is_not_there_is_refused(self, upload):
        with pytest.raises(NotFoundError):
            upload(dataset_id="0" * 32)

    def test_every_upload_is_recorded(self, upload, events):
        info = upload(content=b"the bytes")
        (event,) = events("save_dataset")
        assert (event.actor, event.object_id) == ("analyst", info.id)
        assert event.details["source_sha256"] == hashlib.sha256(b"the bytes").hexdigest()

    def test_managers_do_not_upload(self, upload, person):
        with pytest.raises(NotAllowedError):
            upload(person("manager"))

    def test_a_save_that_fails_leaves_nothing(self, datasets, services, upload, person, settings):
        import sqlite3

        with sqlite3.connect(settings.database_path) as raw:
            raw.execute("UPDATE audit_head SET signature = 'forged'")
        raw.close()
        analyst = person("analyst")
        with pytest.raises(IntegrityError):
            upload(analyst)
        assert datasets.list(analyst) == ()


class TestReading:
    def test_the_panel_comes_back_equal(self, datasets, upload, person, panel):
        back = datasets.panel(person("manager"), upload().id)
        assert back.labels == panel.labels
        for name in ("periods", "kpi", "spend", "controls", "observed", "filled"):
            np.testing.assert_array_equal(getattr(back, name), getattr(panel, name))

    def test_the_panel_is_decoded_once(self, datasets, upload, person):
        version = upload().id
        assert datasets.panel(person("manager"), version) is datasets.panel(person("analyst"), version)

    def test_the_table_comes_back_as_it_was_read(self, datasets, upload, person):
        table = pd.DataFrame({"week": ["01.01.2024", None], "sales": ["4.711,50", " n/a "]}, index=[2, 5])
        table.columns = pd.Index(["week", "week"])  # a file may name two columns alike
        back = datasets.as_read(person("engineer"), upload(as_read=table).id)
        assert list(back.columns) == ["week", "week"]
        assert list(back.index) == [2, 5]
        assert back.to_numpy().tolist() == [["01.01.2024", "4.711,50"], [None, " n/a "]]

    def test_findings_and_mapping_come_back(self, datasets, upload, person):
        findings = (Finding("text_in_number", Severity.REPAIR, "“n/a” is no number.", row=3, column="sales"),)
        version = upload(findings=findings).id
        assert datasets.findings(person("engineer"), version) == findings
        assert datasets.mapping(person("engineer"), version).channels["search"].spend == "search_spend"

    def test_raw_tables_are_for_those_who_see_the_data_page(self, datasets, upload, person):
        version = upload().id
        for read in (datasets.as_read, datasets.findings, datasets.mapping):
            with pytest.raises(NotAllowedError):
                read(person("manager"), version)

    @pytest.mark.parametrize("role", ["auditor", "admin"])
    def test_auditors_and_administrators_see_no_panel(self, datasets, upload, person, role):
        with pytest.raises(NotAllowedError):
            datasets.panel(person(role), upload().id)

    def test_another_workspace_sees_nothing_of_it(self, datasets, services, upload, person, clock):
        from dataclasses import replace

        info = upload()
        datasets.panel(person("analyst"), info.id)  # kept in memory
        stranger = replace(person("analyst"), workspace_id="0" * 32)
        assert datasets.list(stranger) == ()
        for ask in (datasets.panel, datasets.as_read, datasets.findings, datasets.mapping, datasets.version):
            with pytest.raises(NotFoundError):
                ask(stranger, info.id)
        with pytest.raises(NotFoundError):
            datasets.versions(stranger, info.dataset_id)

    def test_an_archived_dataset_leaves_the_list_and_can_come_back(self, datasets, upload, person):
        info, analyst = upload(), person("analyst")
        datasets.archive(analyst, info.dataset_id)
        assert datasets.list(analyst) == ()
        assert datasets.list(analyst, archived=True)[0].archived
        datasets.archive(analyst, info.dataset_id, archived=False)
        assert len(datasets.list(analyst)) == 1


def test_the_database_files_contain_no_plain_data(services, upload, settings, panel):
    assert "offline_promotions" in panel.labels.channels
    secret = pd.DataFrame({"client": ["Muster AG, Zürich"], "sales": ["31415926"]})
    upload(as_read=secret, findings=(Finding("x", Severity.ASK, "“31415926” in row 2?"),), content=b"31415926")
    services.close()
    stored = b"".join(path.read_bytes() for path in settings.var_dir.glob("mixwright.sqlite3*"))
    assert len(stored) > 10_000
    for plain in ("31415926", "Muster AG", "Zürich", "search_spend", "offline_promotions"):
        assert plain.encode() not in stored
    assert panel.kpi.tobytes()[:64] not in stored
    assert b"PAR1" not in stored  # no Parquet file lies in it unsealed


def test_stored_bytes_that_were_changed_are_not_shown(services, upload, person, settings):
    import sqlite3

    version = upload().id
    with sqlite3.connect(settings.database_path) as raw:
        (sealed,) = raw.execute("SELECT panel_sealed FROM dataset_version").fetchone()
        changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        raw.execute("UPDATE dataset_version SET panel_sealed = ?", (changed,))
    raw.close()
    with pytest.raises(IntegrityError, match="restore"):
        services.datasets.panel(person("analyst"), version)


def test_an_engineer_uploads_too(upload, person, newcomer):
    assert upload(person("engineer"), name="A").created_by == "Engineer"
    assert upload(newcomer("eve", Role.ENGINEER, Role.MANAGER), name="B").created_by == "Eve"
