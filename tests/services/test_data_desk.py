"""From several exports to a kept version and its next week, with nobody's personal data in it."""

from __future__ import annotations

import io
import json
import logging
import threading
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest

from mmm.data.findings import Severity
from mmm.data.panel import KpiKind
from mmm.data.read import read_table
from mmm.data.sources.source import Layout, Rule
from mmm.errors import ConflictError, DataError, NotAllowedError, SpecError
from mmm.services.reading import Upload, unanswered
from tests.services.platforms import FIRST, google, meta, sales


def uploads(first=0, weeks=40, **told):
    return (
        Upload("google.csv", google(first, weeks)),
        Upload("meta.csv", meta(first, weeks)),
        Upload("sales.csv", sales(first, weeks, **told)),
    )


@pytest.fixture
def analyst(person):
    return person("analyst")


@pytest.fixture
def desk(services):
    return services.desk


@pytest.fixture
def stored(desk, analyst):
    """`stored(uploads(), name="Shop")`: read, drafted with the guess, and stored."""

    def store(files, *, dataset_id=None, how="replace", answers=None, **told):
        reading = desk.read_files(analyst, files, dataset_id=dataset_id)
        bare, known = unanswered(reading.guess)
        draft = desk.draft(analyst, reading, bare, {**known, **(answers or {})}, how=how)
        return desk.store(
            analyst, reading, draft.mapping, dataset_id=dataset_id, how=how, answers=answers or {}, **told
        )

    return store


@pytest.fixture
def shop(stored):
    return stored(uploads(), name="Shop").version


class TestSeveralFiles:
    def test_exports_and_sales_become_one_table_a_week(self, desk, analyst):
        reading = desk.read_files(analyst, uploads())
        assert [source.layout for source in reading.assembly.recipe.sources] == [Layout.ROWS, Layout.ROWS, Layout.TABLE]
        assert len(reading.raw.frame) == 40
        assert reading.guess.kpi == "Umsatz"
        assert {"Meta", "Google search"} <= set(reading.guess.channels)

    def test_a_rule_that_was_edited_changes_the_channels_and_writes_no_audit_row(self, desk, analyst, events):
        reading = desk.read_files(analyst, uploads())
        google_source, *others = reading.assembly.recipe.sources
        ruled = replace(google_source, rules=(Rule("Paid search", ""),))
        recipe = replace(reading.assembly.recipe, sources=(ruled, *others))
        again = desk.reassemble(analyst, reading, recipe)
        assert "Paid search" in again.guess.channels
        assert again.id == reading.id
        assert len(events("upload")) == 3

    def test_the_lineage_names_every_source_and_repair(self, services, analyst, shop):
        lineage = services.datasets.lineage(analyst, shop.id)
        assert [source.name for source in lineage.sources] == ["google.csv", "meta.csv", "sales.csv"]
        assert [source.platform for source in lineage.sources] == ["google_ads", "meta_ads", None]
        assert [source.rows for source in lineage.sources] == [840, 560, 40]
        assert lineage.recipe == services.datasets.recipe(analyst, shop.id)
        assert (lineage.how, lineage.parent, lineage.created_by) == ("new", None, "Analyst")
        kept = services.datasets.findings(analyst, shop.id)
        assert lineage.repairs == tuple(finding for finding in kept if finding.severity is Severity.REPAIR)
        assert {privacy.fate for privacy in lineage.privacy.values()} == {"kept"}

    def test_every_file_is_kept_as_it_was_read(self, services, analyst, shop):
        tables = services.datasets.tables(analyst, shop.id)
        assert [len(table) for table in tables] == [840, 560, 40]
        assert services.datasets.as_read(analyst, shop.id, 2).iloc[0, 0] == "01.01.2024"

    def test_the_same_files_are_stored_once(self, stored, shop):
        again = stored(uploads(), dataset_id=shop.dataset_id)
        assert again.already
        assert again.version.id == shop.id

    def test_another_rule_is_another_version(self, desk, services, analyst, shop):
        reading = desk.read_files(analyst, uploads(), dataset_id=shop.dataset_id)
        google_source, *others = reading.assembly.recipe.sources
        recipe = replace(
            reading.assembly.recipe, sources=(replace(google_source, rules=(Rule("Paid search", ""),)), *others)
        )
        reading = desk.reassemble(analyst, reading, recipe)
        second = desk.store(analyst, reading, reading.guess, dataset_id=shop.dataset_id)
        assert not second.already
        assert "Paid search" in services.datasets.panel(analyst, second.version.id).labels.channels

    def test_next_weeks_files_meet_the_same_recipe_in_any_order(self, desk, services, analyst, shop):
        files = tuple(reversed(uploads(39, 3)))
        reading = desk.read_files(analyst, files, dataset_id=shop.dataset_id)
        before = services.datasets.recipe(analyst, shop.id).sources
        assert [s.rules for s in reading.assembly.recipe.sources] == [s.rules for s in reversed(before)]
        assert reading.guess.channels == services.datasets.mapping(analyst, shop.id).channels
        assert reading.suggested == "append"

    def test_a_manager_may_read_nothing_in(self, desk, person):
        with pytest.raises(NotAllowedError):
            desk.read_files(person("manager"), uploads())


class TestAppend:
    def test_a_week_that_was_restated_is_asked_about(self, desk, analyst, shop):
        files = uploads(38, 4, restated={38: 12_345.67})
        reading = desk.read_files(analyst, files, dataset_id=shop.dataset_id)
        draft = desk.draft(analyst, reading, reading.guess, {}, how="append")
        assert [question.code for question in draft.open] == ["overlap"]
        assert [(cell.column, cell.period, cell.new) for cell in draft.overlap] == [
            ("Umsatz", "2024-09-23", "12345.67")
        ]
        assert not draft.ready
        with pytest.raises(DataError, match="differ"):
            desk.store(analyst, reading, reading.guess, dataset_id=shop.dataset_id, how="append")

    def test_the_diff_lists_exactly_the_new_weeks_and_the_restated_cell(self, stored, services, analyst, shop):
        files = uploads(38, 4, restated={38: 12_345.67})
        second = stored(files, dataset_id=shop.dataset_id, how="append", answers={"overlap": "new"}).version
        diff = services.datasets.diff(analyst, shop.id, second.id)
        assert diff.periods.added == ("2024-10-07", "2024-10-14")
        assert [(cell.kind, cell.period, cell.new) for cell in diff.cells] == [("KPI", "2024-09-23", 12_345.67)]
        lineage = services.datasets.lineage(analyst, second.id)
        assert (lineage.how, lineage.overlap_changes, lineage.parent.id) == ("append", 1, shop.id)

    def test_the_old_figures_stay_where_they_are_preferred(self, stored, services, analyst, shop):
        files = uploads(38, 4, restated={38: 12_345.67})
        second = stored(files, dataset_id=shop.dataset_id, how="append", answers={"overlap": "old"}).version
        diff = services.datasets.diff(analyst, shop.id, second.id)
        assert (diff.n_cells, len(diff.periods.added)) == (0, 2)

    def test_weeks_go_on_being_appended(self, stored, services, analyst, shop):
        second = stored(uploads(40, 2), dataset_id=shop.dataset_id, how="append").version
        third = stored(uploads(42, 2), dataset_id=shop.dataset_id, how="append").version
        assert services.datasets.panel(analyst, third.id).n_periods == 44
        assert third.parent_id == second.id

    def test_the_same_weeks_are_appended_once(self, stored, shop):
        second = stored(uploads(40, 2), dataset_id=shop.dataset_id, how="append").version
        again = stored(uploads(40, 2), dataset_id=shop.dataset_id, how="append")
        assert (again.already, again.version.id) == (True, second.id)

    def test_a_new_data_set_has_nothing_to_append_to(self, stored):
        with pytest.raises(DataError, match="no version to append"):
            stored(uploads(), name="Shop", how="append")

    def test_a_column_that_vanished_is_said_and_no_longer_mapped(self, desk, analyst, shop):
        files = uploads(0, 42)
        lines = [b";".join(line.split(b";")[:2]) for line in files[2].content.split(b"\r\n")]
        shorter = (*files[:2], Upload("sales.csv", b"\r\n".join(lines)))
        reading = desk.read_files(analyst, shorter, dataset_id=shop.dataset_id)
        assert [(change.change, change.column) for change in reading.changes] == [("gone", "Aktion")]
        assert reading.guess.controls == {}
        assert reading.suggested == "replace"


class TestPersonalData:
    VALUES = ("jane.doe", "example.org", "+49 170", "55501")

    @pytest.fixture
    def files(self):
        return uploads(people=True)

    def test_personal_columns_are_told_by_kind(self, desk, analyst, files):
        assert desk.read_files(analyst, files).personal == {
            "Kundennummer": "user id",
            "E-Mail": "e-mail",
            "Telefon": "phone",
        }

    def test_what_is_left_out_is_nowhere(self, stored, services, analyst, person, files, caplog):
        caplog.set_level(logging.DEBUG)
        out = ("E-Mail", "Telefon")
        version = stored(files, name="Shop", leave_out=out, pseudonyms=("Kundennummer",)).version
        datasets = services.datasets
        told = [
            json.dumps([event.details for event in services.audit.events(person("auditor"), limit=500)]),
            str(datasets.lineage(analyst, version.id)),
            str(datasets.findings(analyst, version.id)),
            str(datasets.version(analyst, version.id)),
            caplog.text,
            *(table.to_csv() for table in datasets.tables(analyst, version.id)),
        ]
        for fmt in ("csv", "xlsx"):
            for what in ("read", "cleaned"):
                told += texts_of(datasets.download(analyst, version.id, what, fmt))
        for value in (*self.VALUES, "K4003"):
            assert [text[:80] for text in told if value in text] == []
        fates = {column: privacy.fate for column, privacy in datasets.lineage(analyst, version.id).privacy.items()}
        assert fates | dict.fromkeys(out, "left out") | {"Kundennummer": "pseudonym"} == fates

    def test_an_error_quotes_nothing_of_them(self, desk, analyst):
        lines = sales(people=True).decode("cp1252").split("\r\n")
        lines[3] = ";".join(["jane.doe2@example.org", *lines[3].split(";")[1:]])
        reading = desk.read(analyst, name="sales.csv", content="\r\n".join(lines).encode("cp1252"))
        draft = desk.draft(analyst, reading, reading.guess, {})
        with pytest.raises(DataError) as problem:
            desk.store(analyst, reading, reading.guess, name="Shop", leave_out=tuple(reading.personal))
        for text in (str(problem.value), *(finding.message for finding in draft.findings)):
            assert not any(value in text for value in self.VALUES)

    def test_a_refused_file_leaves_no_cell_in_the_audit_table(self, desk, analyst, events):
        with pytest.raises(DataError):
            desk.read(analyst, name="a.csv", content=b"jane.doe@example.org\n+49 170 5550100\n")
        (event,) = events("upload")
        assert not any(value in json.dumps(event.details) for value in self.VALUES)

    def test_pseudonyms_are_equal_for_equal_ids_across_versions(self, stored, services, analyst, files):
        told = {"leave_out": ("E-Mail", "Telefon"), "pseudonyms": ("Kundennummer",)}
        first = stored(files, name="Shop", **told).version
        second = stored(uploads(0, 42, people=True), dataset_id=first.dataset_id, **told).version
        before, after = (
            services.datasets.as_read(analyst, version.id, 2)["Kundennummer"].tolist() for version in (first, second)
        )
        assert after[:40] == before
        assert len(set(before)) == 7
        assert not any(cell.startswith("K") for cell in before)

    def test_a_column_of_the_model_cannot_be_left_out(self, desk, analyst, files):
        reading = desk.read_files(analyst, files)
        with pytest.raises(DataError, match="“Umsatz” is the KPI of the model and cannot be left out"):
            desk.store(analyst, reading, reading.guess, name="Shop", leave_out=("Umsatz",))

    def test_keeping_less_of_the_same_file_is_a_new_version(self, stored, files):
        first = stored(files, name="Shop").version
        second = stored(files, dataset_id=first.dataset_id, leave_out=("E-Mail", "Telefon", "Kundennummer"))
        assert not second.already


def texts_of(content):
    """Everything readable in a download: a CSV, a zip of CSVs or a workbook."""
    if not content.startswith(b"PK"):
        return [content.decode("utf-8-sig")]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [archive.read(name).decode("utf-8", "replace") for name in archive.namelist()]


class TestTwoPeople:
    def test_two_new_data_sets_of_one_name_become_one(self, desk, services, analyst, person):
        readings = [desk.read(who, name="sales.csv", content=content) for who, content in self._uploads(person)]
        outcomes = self._at_once(desk, readings, [who for who, _ in self._uploads(person)], name="Shop")
        assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 1
        assert len(services.datasets.list(analyst)) == 1

    def test_of_two_next_versions_one_is_stored_and_the_other_told(self, desk, services, analyst, person, stored, shop):
        people = [person("analyst"), person("engineer")]
        readings = [
            desk.read_files(who, uploads(0, 40 + more), dataset_id=shop.dataset_id)
            for who, more in zip(people, (1, 2), strict=True)
        ]
        outcomes = self._at_once(desk, readings, people, dataset_id=shop.dataset_id)
        assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 1
        assert len(services.datasets.versions(analyst, shop.dataset_id)) == 2

    def _uploads(self, person):
        return [(person("analyst"), table(40)), (person("engineer"), table(41))]

    def _at_once(self, desk, readings, people, **target):
        outcomes = []

        def store(who, reading):
            try:
                outcomes.append(desk.store(who, reading, reading.guess, **target))
            except Exception as problem:
                outcomes.append(problem)

        threads = [threading.Thread(target=store, args=pair) for pair in zip(people, readings, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return outcomes


def table(weeks):
    """One file that is a data set by itself."""
    lines = ["week,revenue,tv spend,search spend"]
    lines += [f"{read_day(week)},{1000 + week * 3},{100 + week % 9},{50 + week % 7}" for week in range(weeks)]
    return "\n".join(lines).encode()


def read_day(week):
    return FIRST + timedelta(weeks=week)


class TestKept:
    def test_markets_keep_their_own_holidays_and_the_currency_of_the_recipe(self, desk, services, analyst):
        lines = ["week,country,revenue (CHF),tv spend (CHF)"]
        lines += [f"{read_day(w)},{c},{900 + w * 3}.50,{90 + w % 9}.25" for c in ("CH", "AT") for w in range(40)]
        content = "\n".join(lines).encode()
        reading = desk.read(analyst, name="alps.csv", content=content)
        assert reading.guess.currency == "CHF"
        mapping = replace(reading.guess, countries={"CH": "CH", "AT": "AT"})
        version = desk.store(analyst, reading, mapping, name="Alps").version
        panel = services.datasets.panel(analyst, version.id)
        assert (panel.currency, panel.countries) == ("CHF", ("CH", "AT"))
        again = desk.read(analyst, name="alps.csv", content=content, dataset_id=version.dataset_id)
        assert (again.guess, again.suggested) == (mapping, "same")

    def test_an_archived_data_set_is_listed_apart_and_comes_back(self, services, analyst, shop):
        services.datasets.archive(analyst, shop.dataset_id)
        assert services.datasets.list(analyst) == ()
        assert [dataset.archived for dataset in services.datasets.list(analyst, archived=True)] == [True]
        services.datasets.archive(analyst, shop.dataset_id, archived=False)
        assert [dataset.latest.id for dataset in services.datasets.list(analyst)] == [shop.id]

    def test_a_name_changes_and_everything_stays_with_it(self, services, analyst, shop, events):
        renamed = services.datasets.rename(analyst, shop.dataset_id, " Shop Europe ")
        assert (renamed.name, renamed.latest.id) == ("Shop Europe", shop.id)
        assert events("rename_dataset")[0].details == {"before": "Shop", "dataset": "Shop Europe"}

    def test_a_name_that_is_taken_is_refused(self, services, analyst, stored, shop):
        stored((Upload("other.csv", table(40)),), name="Other")
        with pytest.raises(ConflictError, match="“Other” already"):
            services.datasets.rename(analyst, shop.dataset_id, "Other")

    def test_a_manager_renames_nothing(self, services, person, shop):
        with pytest.raises(NotAllowedError):
            services.datasets.rename(person("manager"), shop.dataset_id, "Mine")

    def test_versions_of_two_data_sets_are_not_compared(self, services, analyst, stored, shop):
        other = stored((Upload("other.csv", table(40)),), name="Other").version
        with pytest.raises(SpecError, match="two data sets"):
            services.datasets.diff(analyst, shop.id, other.id)

    def test_the_database_holds_no_plain_rows(self, services, settings, shop):
        services.close()
        held = b"".join(path.read_bytes() for path in settings.var_dir.glob("mixwright.sqlite3*"))
        for plain in ("Umsatz", "PMax Shop", "Prospecting", "Google search", "google_ads"):
            assert plain.encode() not in held


def test_the_tables_of_a_version_read_back_as_they_were(services, analyst, shop):
    table = services.datasets.as_read(analyst, shop.id, 0)
    raw = read_table("google.csv", google())
    assert table.to_numpy().tolist() == raw.frame.to_numpy().tolist()
    assert list(table.index) == list(raw.frame.index)


class TestWhichSales:
    """Two counts of sales, of which none is the total of the other."""

    @pytest.fixture
    def reading(self, desk, analyst):
        return desk.read_files(analyst, (Upload("shop.csv", two_sales()),))

    def drafted(self, desk, analyst, reading, mapping=None, **answers):
        return desk.draft(analyst, reading, mapping or unanswered(reading.guess)[0], answers)

    def test_the_person_is_asked_and_nothing_is_stored_before(self, desk, analyst, reading):
        draft = self.drafted(desk, analyst, reading)
        assert [(asked.code, asked.options) for asked in draft.open] == [("kpi", ("online_revenue", "store_revenue"))]
        assert not draft.ready

    @pytest.mark.parametrize("kpi", ["online_revenue", "store_revenue"])
    def test_the_answer_is_the_kpi(self, desk, analyst, reading, kpi):
        draft = self.drafted(desk, analyst, reading, kpi=kpi)
        assert draft.ready
        assert (draft.mapping.kpi, draft.result.panel.kpi_name) == (kpi, kpi)

    def test_a_kpi_chosen_among_the_columns_is_an_answer(self, desk, analyst, reading):
        mapping = replace(unanswered(reading.guess)[0], kpi="store_revenue", kpi_kind=KpiKind.UNITS)
        draft = self.drafted(desk, analyst, reading, mapping)
        assert draft.ready
        assert draft.mapping.kpi_kind is KpiKind.UNITS  # as chosen, not as the name says

    def test_the_version_before_answers_it(self, desk, analyst, reading):
        draft = self.drafted(desk, analyst, reading, kpi="store_revenue")
        shop = desk.store(analyst, reading, draft.mapping, name="Shop").version
        again = desk.read_files(analyst, (Upload("shop.csv", two_sales(34)),), dataset_id=shop.dataset_id)
        bare, known = unanswered(again.guess)
        assert self.drafted(desk, analyst, again, bare, **known).mapping.kpi == "store_revenue"
        assert self.drafted(desk, analyst, again, bare, **known).open == ()

    def test_a_total_beside_its_parts_is_said_and_not_asked(self, desk, analyst):
        reading = desk.read_files(analyst, (Upload("shop.csv", two_sales(total=True)),))
        draft = self.drafted(desk, analyst, reading)
        assert draft.ready
        assert draft.mapping.kpi == "total_revenue"
        assert "reconciled" in {finding.code for finding in draft.findings}


def two_sales(weeks=30, *, total=False):
    rows = ["week,online_revenue,store_revenue,tv_spend" + (",total_revenue" if total else "")]
    for week in range(weeks):
        online, store = 1000 + 13 * (week % 7), 3000 + 17 * (week % 11)
        row = f"{FIRST + timedelta(weeks=week)},{online},{store},{100 + week % 5}"
        rows.append(row + (f",{online + store}" if total else ""))
    return "\n".join(rows).encode()


def test_what_was_noticed_in_one_of_several_files_names_the_file(desk, analyst):
    files = list(uploads())
    titled = b"Weekly sales\n\n" + files[2].content
    reading = desk.read_files(analyst, (*files[:2], Upload("sales.csv", titled)))
    bare, known = unanswered(reading.guess)
    noticed = [f.message for f in desk.draft(analyst, reading, bare, known).findings if f.code == "preamble"]
    assert [message for message in noticed if message.startswith("“sales.csv”: ")]
    alone = desk.read_files(analyst, (Upload("sales.csv", titled),))
    noticed = [f.message for f in desk.draft(analyst, alone, alone.guess, {}).findings if f.code == "preamble"]
    assert not any("sales.csv" in message for message in noticed)
