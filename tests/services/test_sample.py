"""The sample data set of a first start."""

from pathlib import Path

import pytest

from mmm.access import Role
from mmm.bootstrap import build_services, initialise
from mmm.errors import DataError
from mmm.services.first_start import first_actor
from mmm.services.sample import NAME, load_sample
from mmm.settings import Settings

FOLDER = Path(__file__).parents[2] / "sample_data"


@pytest.fixture
def settings(tmp_path):
    return Settings(var_dir=tmp_path / "var")


@pytest.fixture
def opened(settings):
    initialise(settings)
    services = build_services(settings)
    yield services
    services.close()


def machine(services):
    return first_actor(services.unit_of_work, frozenset({Role.ANALYST, Role.ENGINEER}))


def test_a_first_start_stores_the_sample_and_queues_its_training(opened):
    assert load_sample(opened, FOLDER)
    (dataset,) = opened.datasets.list(machine(opened))
    assert dataset.name == NAME
    assert dataset.is_sample
    (job,) = opened.jobs.list(machine(opened))
    assert job.live


def test_starting_again_changes_nothing(opened):
    load_sample(opened, FOLDER)
    assert not load_sample(opened, FOLDER)
    assert len(opened.datasets.list(machine(opened))) == 1
    assert len(opened.jobs.list(machine(opened))) == 1


def test_an_archived_sample_stays_archived(opened):
    load_sample(opened, FOLDER)
    (dataset,) = opened.datasets.list(machine(opened))
    opened.datasets.archive(machine(opened), dataset.id)
    assert not load_sample(opened, FOLDER)
    assert opened.datasets.list(machine(opened)) == ()


def test_an_empty_workspace_gets_no_sample(tmp_path):
    settings = Settings(var_dir=tmp_path / "var", sample=False)
    initialise(settings)
    services = build_services(settings)
    assert not load_sample(services, FOLDER)
    assert services.datasets.list(machine(services)) == ()
    services.close()


def test_missing_sample_files_are_named(opened, tmp_path):
    with pytest.raises(DataError, match=r"sample_weekly\.csv"):
        load_sample(opened, tmp_path)


def test_the_sample_is_what_its_script_writes(monkeypatch, tmp_path):
    import importlib.util

    spec = importlib.util.spec_from_file_location("generate", FOLDER / "generate.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "HERE", tmp_path)
    script.main()
    for name in ("sample_weekly.csv", "sample_mapping.json", "sample_spec.json", "sample_truth.json"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name
