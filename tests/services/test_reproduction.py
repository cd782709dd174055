"""A stored model fitted again to the last digit, and everything that was assumed for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pandas as pd
import pytest
from typer.testing import CliRunner

from mmm.cli import app
from mmm.data.mapping import Mapping as Columns
from mmm.errors import ModelError
from mmm.models.base import FitSettings
from mmm.models.registry import family
from mmm.models.state import ModelState
from mmm.services.models import HealthStatus, save
from mmm.services.training import TrainingRequest
from tests.fakes import a_panel


@pytest.fixture
def trained(installation):
    """An installation with one ridge model and its training's row; also the model's id."""
    services, analyst, panel = installation.services, installation.actor("analyst"), a_panel(n=30)
    version = services.datasets.save(
        analyst,
        name="Shop",
        raw_content=b"date,kpi",
        source_name="shop.csv",
        mapping=Columns(date="date", kpi="kpi"),
        findings=(),
        panel=panel,
        as_read=pd.DataFrame({"date": ["2023-01-02"], "kpi": ["1"]}),
    )
    job_id = services.training.submit(analyst, version.id, TrainingRequest(("ridge",), seed=3))
    with services.unit_of_work() as uow:
        row = save(
            uow,
            analyst,
            dataset_version_id=version.id,
            model=family("ridge").fit(panel, FitSettings(seed=3)),
            results=b"",
            metrics={},
            health={},
            status=HealthStatus.PASS,
            job_id=job_id,
            now=datetime(2026, 3, 2, tzinfo=UTC),
        )
        uow.commit()
    return installation, row


def changed(installation, model_id, **columns):
    workspace = installation.actor("analyst").workspace_id
    with installation.services.unit_of_work() as uow:
        row = uow.models.get(workspace, model_id)
        for name, value in columns.items():
            setattr(row, name, value)
        uow.commit()


def test_a_stored_model_is_fitted_again_to_the_last_digit_also_from_the_command_line(trained):
    installation, model_id = trained
    found = installation.services.reproduction.reproduce(installation.actor("analyst"), model_id)
    assert found.equal
    assert "equal to the stored one to the last digit" in found.sentence
    said = CliRunner().invoke(app, ["reproduce", model_id, "--as", "analyst"])
    assert (said.exit_code, said.output.strip()) == (0, found.sentence)


def test_a_model_whose_numbers_were_changed_is_told_apart(trained, monkeypatch):
    installation, model_id = trained
    original = ModelState.to_bytes

    def moved(state):
        return original(state) + b" "

    monkeypatch.setattr(ModelState, "to_bytes", moved)
    found = installation.services.reproduction.reproduce(installation.actor("analyst"), model_id)
    assert not found.equal
    assert "differs" in found.sentence


@pytest.mark.parametrize(
    ("columns", "words"), [({"family": "average"}, "made of others"), ({"job_id": None}, "without its training")]
)
def test_what_cannot_be_fitted_again_is_refused_in_words(trained, columns, words):
    installation, model_id = trained
    changed(installation, model_id, **columns)
    with pytest.raises(ModelError, match=words):
        installation.services.reproduction.reproduce(installation.actor("analyst"), model_id)


def test_the_assumptions_are_one_document_with_settings_roles_weeks_and_versions(trained):
    installation, model_id = trained
    told = installation.services.reproduction.assumptions(installation.actor("analyst"), model_id)
    assert json.loads(json.dumps(told))["settings"]["seed"] == 3
    assert {"priors", "control_roles", "weeks_left_out", "holidays", "findings_accepted", "lift_tests"} <= set(told)
    assert told["versions"]["numpy"]
