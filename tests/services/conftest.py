import shutil
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from mmm.access.passwords import Passwords
from mmm.bootstrap import build_services, initialise
from mmm.data.mapping import ChannelColumns, Mapping
from mmm.data.simulate import five_channel_world
from mmm.services.first_start import FirstRun
from mmm.settings import Settings
from tests.once import built_once

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class FakeClock:
    """A clock that stands still until told otherwise."""

    def __init__(self):
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self):
        return self.now

    def advance(self, **time):
        self.now += timedelta(**time)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def settings(tmp_path):
    return Settings(var_dir=tmp_path / "var", _env_file=None)


@pytest.fixture(scope="session")
def untouched(tmp_path_factory):
    """The `var` directory after a first start, to copy from, and what the start returned; made once a run."""

    def build(folder):
        made = initialise(Settings(var_dir=folder / "var", _env_file=None), clock=FakeClock(), passwords=CHEAP)
        return {**asdict(made), "written_to": str(made.written_to)}

    folder, facts = built_once(tmp_path_factory, "first-start", build)
    return folder / "var", facts


@pytest.fixture
def first_run(settings, untouched):
    """A first start with sample people at the clock's first moment; it is copied, because migrating takes its time."""
    original, facts = untouched
    shutil.copytree(original, settings.var_dir)
    return FirstRun(**{**facts, "written_to": settings.credentials_path})


@pytest.fixture
def services(settings, clock, first_run):
    built = build_services(settings, clock=clock, passwords=CHEAP)
    yield built
    built.close()


@pytest.fixture
def person(services, first_run):
    """`person("analyst")`: somebody of the sample workspace as an actor with a password of their own."""

    def find(username):
        with services.unit_of_work() as uow:
            user = uow.users.by_username(username)
            user.must_change_password = False
            uow.commit()
        with services.unit_of_work(read_only=True) as uow:
            return uow.users.actor(first_run.workspace_id, user.id)

    return find


@pytest.fixture
def newcomer(services, person):
    """`newcomer("ann", Role.EXECUTIVE, ...)`: one more person, as an actor."""

    def make(username, *roles):
        services.users.create(person("admin"), username=username, display_name=username.title(), roles=roles)
        return person(username)

    return make


@pytest.fixture
def panel():
    return five_channel_world(seed=1, n_periods=60).panel


@pytest.fixture
def upload(services, person, panel):
    """`upload(name="Shop")`: a saved dataset version."""
    import pandas as pd

    def save(actor=None, *, name="Shop", dataset_id=None, findings=(), content=b"week;sales\n", as_read=None):
        return services.datasets.save(
            actor or person("analyst"),
            name=name,
            raw_content=content,
            source_name="weekly.csv",
            mapping=Mapping(date="week", kpi="sales", channels={"search": ChannelColumns("search_spend")}),
            findings=findings,
            panel=panel,
            as_read=as_read if as_read is not None else pd.DataFrame({"week": ["2024-01-01"], "sales": ["4711,50"]}),
            dataset_id=dataset_id,
        )

    return save


@pytest.fixture
def events(services, person):
    """`events("sign_in")`: audit events of one action, oldest first."""

    def find(action):
        return tuple(reversed(services.audit.events(person("auditor"), actions=(action,))))

    return find
