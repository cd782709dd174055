"""Fixtures for everybody: a seeded installation in a directory of its own, and the app as one of its people sees it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests.once import built_once
from tests.running import Server, start_server

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from mmm.access import Actor
    from mmm.services import Services
    from mmm.settings import Settings

# The same examples at every run, so that a failure is a change's; `--hypothesis-profile=explore` looks further.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", derandomize=False, deadline=None)
hypothesis.settings.load_profile("same")

# Test processes share the processors among themselves; a pool of threads in each would only get in the others' way.
# Set before NumPy is imported, which reads it then.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

ROOT = Path(__file__).resolve().parents[1]
ARTIFACTS = ROOT / "test-artifacts"
ROUTER = ROOT / "mmm" / "web" / "router.py"

PASSWORD = "heron-quilt-7-lantern-{role}"  # everybody's own, after the one-time password
NEWCOMER, NEWCOMER_PASSWORD = "newcomer", "not-yet-changed"


@dataclass(frozen=True)
class Installation:
    """A migrated database with one person per role, each with a password of their own.

    Attributes:
        settings: where it lies.
        services: over its database.
        newcomer_password: one-time password of the person `newcomer`, an analyst who never signed in.
    """

    settings: Settings
    services: Services
    newcomer_password: str

    def password(self, role: str) -> str:
        """The password of the person whose name is `role`."""
        return PASSWORD.format(role=role)

    def token(self, username: str) -> str:
        """Open a session, as the sign-in form does, and return what its cookie would hold."""
        return self.services.accounts.redeem_ticket(self.services.accounts.issue_ticket(username))

    def actor(self, username: str) -> Actor:
        """The person acting, with a session of their own."""
        actor = self.services.accounts.actor_for(self.token(username))
        assert actor is not None
        return actor


def seed(var_dir: Path) -> str:
    """Make an installation with one person per role (name = role) and `newcomer`; return the newcomer's password."""
    from mmm.access import Role
    from mmm.bootstrap import build_services, initialise
    from mmm.settings import Settings

    settings = Settings(var_dir=var_dir, sample=False)
    first = initialise(settings)
    assert first is not None
    services = build_services(settings)
    try:
        one_time = dict(first.credentials)
        admin = _settle(services, "admin", one_time["admin"])
        for role in Role:
            if role is not Role.ADMIN:
                made = services.users.create(
                    admin, username=role.value, display_name=role.value.capitalize(), roles=[role]
                )
                _settle(services, role.value, made.one_time_password)
        made = services.users.create(admin, username=NEWCOMER, display_name="New Comer", roles=[Role.ANALYST])
    finally:
        services.close()
    return made.one_time_password


def _settle(services: Services, username: str, one_time: str) -> Actor:
    token = services.accounts.redeem_ticket(services.accounts.issue_ticket(username))
    actor = services.accounts.actor_for(token)
    assert actor is not None
    services.accounts.change_password(actor, one_time, PASSWORD.format(role=username))
    settled = services.accounts.actor_for(token)
    assert settled is not None
    return settled


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A closed, seeded `var` directory to copy from, and the newcomer's one-time password; made once a run."""
    folder, facts = built_once(tmp_path_factory, "seeded", lambda made: {"newcomer": seed(made / "var")})
    return folder / "var", facts["newcomer"]


@pytest.fixture(scope="session")
def server(seeded: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The running app with one person per role (names and passwords as in `Installation`), shared by a session."""
    original, newcomer_password = seeded
    var_dir = tmp_path_factory.mktemp("server") / "var"
    shutil.copytree(original, var_dir)
    running = start_server(var_dir, newcomer_password)
    yield running
    running.stop()
    ARTIFACTS.mkdir(exist_ok=True)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    (ARTIFACTS / f"server{worker}.log").write_text("".join(running.output), encoding="utf-8")


@pytest.fixture
def installation(seeded: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """A fresh copy of the seeded installation; the web floor of this process finds it through the environment."""
    from mmm.bootstrap import build_services
    from mmm.settings import Settings

    original, newcomer_password = seeded
    var_dir = tmp_path / "var"
    shutil.copytree(original, var_dir)
    monkeypatch.setenv("MMM_VAR_DIR", str(var_dir))
    monkeypatch.setenv("MMM_SAMPLE", "0")
    monkeypatch.delenv("MMM_DATABASE_URL", raising=False)
    settings = Settings()
    services = build_services(settings)
    _forget_cached_services()
    yield Installation(settings, services, newcomer_password)
    services.close()
    _forget_cached_services()


def _forget_cached_services() -> None:
    holder = sys.modules.get("mmm.web.holder")
    if holder is not None:
        holder.services.clear()


@pytest.fixture(autouse=True)
def _no_pages_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest believes in a `pages` folder until told otherwise, and would then run pages without the router."""
    if "streamlit" in sys.modules:
        from streamlit.runtime.pages_manager import PagesManager

        monkeypatch.setattr(PagesManager, "uses_pages_directory", False)


@pytest.fixture(autouse=True)
def _main_module_stays() -> Iterator[None]:
    """AppTest puts its script in the place of `__main__`, which a process spawned by a later test would run again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def app_as(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """`app_as("analyst", "data")`: the app through its router, signed in for real, on a page; None is nobody.

    What a browser would send as the cookie is the only thing replaced.
    """
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.testing.v1 import AppTest

    from mmm.web import identity

    monkeypatch.setattr(PagesManager, "uses_pages_directory", False)

    def open_app(username: str | None, page: str | None = None, **query: Any) -> AppTest:
        token = installation.token(username) if username else ""
        monkeypatch.setattr(identity, "session_token", lambda: token)
        app = AppTest.from_file(str(ROUTER), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if page is not None:
            app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
        return app

    return open_app
