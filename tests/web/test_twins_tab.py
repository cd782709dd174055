"""The twin test on the Models page, from its button to its table and chart."""

from __future__ import annotations

import pytest

from mmm.bootstrap import make_kit
from mmm.jobs.inline import InlineExecutor
from mmm.jobs.worker import Workshop
from mmm.services.jobs import SqlLedger
from mmm.services.tasks import bodies
from tests.services.test_twins import FakeTwins
from tests.web.data_steps import button, save_one, texts
from tests.web.test_training_pages import train


@pytest.fixture
def tab(app_as, installation):
    """The tab as an analyst sees it, after one training."""
    train(installation, save_one(installation), seeds=(0,))
    app = app_as("analyst", "models")
    app.session_state["models_tabs"] = "Twin test"
    return app.run()


def compute(installation, twins):
    kit = make_kit(installation.settings)
    endings = InlineExecutor(Workshop(SqlLedger(kit.database, kit.clock), bodies(kit, None, twins))).drain()
    kit.database.close()
    return endings


def test_a_test_is_started_watched_and_read(tab, installation):
    assert not tab.exception
    assert "each fits every trained family once" in texts(tab.caption) or "of computing" in texts(tab.caption)
    button(tab, "Start the twin test").click().run()
    assert not tab.exception
    assert "0 of 12 worlds done" in texts(tab.markdown) + str([p.text for p in tab.get("progress")])
    assert compute(installation, FakeTwins()) == ["done"]
    tab.run()
    assert not tab.exception
    assert "In 12 simulated worlds, Ridge was off by" in texts(tab.subheader)
    assert "Off by (of media)" in next(t.value for t in tab.dataframe if "Worlds" in t.value).columns
    button(tab, "Start the twin test")


def test_a_test_that_stopped_halfway_goes_on_by_a_button(tab, installation):
    def fail_at_two(number):
        if number == 2:
            raise RuntimeError

    button(tab, "Start the twin test").click().run()
    assert compute(installation, FakeTwins(before=fail_at_two)) == ["failed"]
    tab.run()
    assert "stopped after 2 of 12 worlds" in texts(tab.warning)
    button(tab, "Go on").click().run()
    assert compute(installation, FakeTwins()) == ["done"]
    tab.run()
    assert not tab.warning
