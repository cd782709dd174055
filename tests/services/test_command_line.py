import json
import sqlite3
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from mmm.cli import app


@pytest.fixture
def mmm(settings, first_run, monkeypatch):
    """`mmm("user", "list")`: run a command on the installation of this test."""
    monkeypatch.setenv("MMM_VAR_DIR", str(settings.var_dir))
    return lambda *words: CliRunner().invoke(app, words)


def test_users_are_created_listed_and_shut_out(mmm):
    made = mmm("user", "create", "ann", "--role", "analyst", "--role", "manager", "--name", "Ann Lee")
    assert made.exit_code == 0
    assert len(made.stdout.split()[1].replace("-", "")) == 20
    mmm("user", "deactivate", "ann")
    (line,) = [line for line in mmm("user", "list").stdout.splitlines() if line.startswith("ann")]
    assert "analyst, manager" in line
    assert "deactivated" in line


def test_a_reset_prints_a_new_one_time_password(mmm, first_run):
    printed = mmm("user", "reset", "manager").stdout.split()
    assert printed[0] == "manager"
    assert printed[1] != first_run.credentials["manager"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("user", "deactivate", "admin"), "last administrator"),
        (("user", "reset", "nobody"), "Nobody is called"),
        (("user", "create", "admin", "--role", "analyst"), "already"),
    ],
)
def test_what_cannot_be_done_is_one_plain_line_and_exit_code_2(mmm, words, told):
    result = mmm(*words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_a_whole_chain_verifies_with_exit_code_0_and_an_anchor(mmm):
    result = mmm("audit", "verify")
    assert result.exit_code == 0
    assert mmm("audit", "verify", "--anchor", result.stdout.splitlines()[-1]).exit_code == 0


def test_a_broken_chain_verifies_with_exit_code_1_and_the_row(mmm, settings):
    with sqlite3.connect(settings.database_path) as raw:
        raw.execute("DROP TRIGGER audit_event_no_update")
        raw.execute("UPDATE audit_event SET actor = 'somebody' WHERE seq = 3")
    raw.close()
    result = mmm("audit", "verify")
    assert result.exit_code == 1
    assert "row 3" in result.stderr


def test_events_are_printed_as_json_lines(mmm):
    lines = mmm("audit", "show", "--limit", "2").stdout.splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["create_user", "create_user"]


def test_what_the_operator_does_is_audited_as_the_system(mmm):
    mmm("user", "reset", "manager")
    assert json.loads(mmm("audit", "show", "--limit", "1").stdout)["actor"] == "system"


def test_a_backup_is_written(mmm, tmp_path):
    assert mmm("backup", str(tmp_path / "copy.sqlite3")).exit_code == 0
    assert (tmp_path / "copy.sqlite3").exists()


def test_without_an_installation_commands_say_so(tmp_path, monkeypatch):
    monkeypatch.setenv("MMM_VAR_DIR", str(tmp_path / "nowhere"))
    result = CliRunner().invoke(app, ["user", "list"])
    assert result.exit_code == 2
    assert "no installation" in result.stderr
    assert not (tmp_path / "nowhere").exists()


def test_the_command_line_starts_without_heavy_libraries():
    heavy = [
        "sqlalchemy",
        "pandas",
        "scipy",
        "xgboost",
        "shap",
        "sklearn",
        "distributed",
        "streamlit",
        "plotly",
        "argon2",
        "numpy",
    ]
    code = f"import sys, mmm.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
