"""`mmm import` and `mmm train`, from a messy file to stored models, in somebody's name."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from mmm.cli import app
from tests.messy import messy_csv
from tests.services.platforms import google, meta, sales

ANSWERS = {"duplicates": "first", "missing_spend": "zero", "negative_spend": "credit"}


@pytest.fixture
def mmm(settings, first_run, person, monkeypatch):
    monkeypatch.setenv("MMM_VAR_DIR", str(settings.var_dir))
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "weeks.csv"
    path.write_bytes(messy_csv())
    return path


@pytest.fixture
def mapping(mmm, file, tmp_path):
    guessed = json.loads(mmm("import", file, "--as", "analyst", "--guess").stdout)["mapping"]
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps({**guessed, **ANSWERS}), encoding="utf-8")
    return path


def test_a_file_is_stored_once_and_then_recognised(mmm, file, mapping, services, person):
    first = mmm("import", file, "--mapping", mapping, "--name", "Shop", "--as", "analyst")
    assert first.exit_code == 0, first.stderr
    assert "Shop, version 1: stored" in first.stdout
    assert "row 22" in first.stderr
    assert (
        "holds exactly this already"
        in mmm("import", file, "--mapping", mapping, "--name", "Shop", "--as", "analyst").stdout
    )
    (dataset,) = services.datasets.list(person("analyst"))
    assert dataset.latest.created_by == "Analyst"


def test_columns_that_look_personal_are_not_stored(mmm, file, mapping, services, person):
    result = mmm("import", file, "--mapping", mapping, "--name", "Shop", "--as", "analyst")
    assert "not stored, because it looks personal: E-Mail" in result.stderr
    (dataset,) = services.datasets.list(person("analyst"))
    assert "E-Mail" not in services.datasets.as_read(person("analyst"), dataset.latest.id).columns


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--as", "nobody"), "Nobody is called “nobody”"),
        (("--as", "manager"), "This is not open to manager"),
        (("--as", "analyst"), "Say what each column is"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(mmm, file, words, told):
    result = mmm("import", file, *words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_an_open_question_stores_nothing(mmm, file, mapping, services, person):
    unanswered = {**json.loads(mapping.read_text()), "duplicates": None}
    mapping.write_text(json.dumps(unanswered), encoding="utf-8")
    result = mmm("import", file, "--mapping", mapping, "--name", "Shop", "--as", "analyst")
    assert result.exit_code == 2
    assert "has one already" in result.stderr
    assert services.datasets.list(person("analyst")) == ()


def test_a_missing_file_is_said(mmm, tmp_path):
    result = mmm("import", tmp_path / "none.csv", "--as", "analyst")
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr


class TestSeveralFiles:
    @pytest.fixture
    def files(self, tmp_path):
        made = {"google.csv": google(), "meta.csv": meta(), "sales.csv": sales(people=True)}
        for name, content in made.items():
            (tmp_path / name).write_bytes(content)
        return [tmp_path / name for name in made]

    @pytest.fixture
    def draft(self, mmm, files, tmp_path):
        path = tmp_path / "draft.json"
        path.write_text(mmm("import", *files, "--as", "analyst", "--guess").stdout, encoding="utf-8")
        return path

    def test_what_was_guessed_is_what_can_be_given(self, mmm, files, draft, services, person):
        plain = json.loads(draft.read_text())
        assert [source["platform"] for source in plain["recipe"]["sources"]] == ["google_ads", "meta_ads", None]
        result = mmm("import", *files, "--mapping", draft, "--recipe", draft, "--name", "Shop", "--as", "analyst")
        assert result.exit_code == 0, result.stderr
        assert "Shop, version 1: stored" in result.stdout
        (dataset,) = services.datasets.list(person("analyst"))
        lineage = services.datasets.lineage(person("analyst"), dataset.latest.id)
        assert [source.name for source in lineage.sources] == ["google.csv", "meta.csv", "sales.csv"]

    def test_no_personal_cell_is_printed_or_stored(self, mmm, files, draft, services, person):
        result = mmm(
            *("import", *files, "--mapping", draft, "--name", "Shop", "--as", "analyst"),
            *("--pseudonym", "Kundennummer"),
        )
        assert "not stored, because it looks personal: E-Mail, Telefon" in result.stderr
        assert "jane.doe" not in result.output + result.stderr
        (dataset,) = services.datasets.list(person("analyst"))
        table = services.datasets.as_read(person("analyst"), dataset.latest.id, 2)
        assert list(table.columns) == ["Woche", "Umsatz", "Aktion", "Kundennummer"]
        assert not table["Kundennummer"].str.startswith("K").any()

    def test_the_next_weeks_are_appended_only_when_somebody_says_so(self, mmm, files, draft, services, person):
        words = ("import", *files, "--mapping", draft, "--name", "Shop", "--as", "analyst")
        mmm(*words)
        for path, content in zip(files, (google(39, 2), meta(39, 2), sales(39, 2, {39: 50_000.0})), strict=True):
            path.write_bytes(content)
        refused = mmm(*words)
        assert (refused.exit_code, "Say --append" in refused.stderr) == (2, True)
        asked = mmm(*words, "--append")
        assert (asked.exit_code, "Which file counts there?" in asked.stderr) == (2, True)
        stored = mmm(*words, "--append", "--overlap", "new")
        assert "Shop, version 2: stored" in stored.stdout, stored.stderr
        (dataset,) = services.datasets.list(person("analyst"))
        assert dataset.latest.summary["periods"] == 41


def test_training_prints_the_leaderboard(mmm, file, mapping, events):
    mmm("import", file, "--mapping", mapping, "--name", "Shop", "--as", "analyst")
    result = mmm("train", "Shop", "--as", "analyst", "--family", "ridge")
    assert result.exit_code == 0, result.stderr
    assert "ridge" in result.stdout
    assert "recommended" in result.stdout
    assert events("finish_training")[0].actor == "analyst"


def test_training_what_is_not_there_is_said(mmm):
    result = mmm("train", "Shop", "--as", "analyst")
    assert result.exit_code == 2
    assert "no data set called “Shop”" in result.stderr
