"""Home, Contribution, Channels and Explain, drawn through the router as people of each role see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mmm.access import Actor
from mmm.data.codec import dump
from mmm.data.panel import KpiKind, Panel
from mmm.models.base import FitSettings
from mmm.services.models import HealthStatus
from mmm.study import question
from mmm.validation.holdout import hold_out
from tests.champion import known_world, publish, store
from tests.conftest import Installation

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

PAGES = ("home", "contribution", "channels", "explain")
OpenApp = Callable[..., "AppTest"]


def texts(app: AppTest) -> list[str]:
    """Everything a person can read on the page."""
    kinds = ("title", "subheader", "caption", "markdown", "info", "warning", "error", "button")
    found = [
        str(getattr(element, "value", "") or getattr(element, "label", ""))
        for kind in kinds
        for element in app.get(kind)
    ]
    return [*found, *(f"{m.label} {m.value} {m.delta}" for m in app.metric)]


def drawn(app: AppTest) -> AppTest:
    assert not app.exception
    assert not app.error
    for text in texts(app):
        assert " nan" not in text.lower()
        assert "None" not in text
    return app


def champion_of(installation: Installation, panel: Panel, name: str = "Harbour", **changes: Any) -> str:
    """A published structural model with the results its training would store."""
    from mmm.models.structural import fit_structural

    analyst = installation.actor("analyst")
    known, model = known_world()
    if panel.labels != known.labels or panel.kpi_kind is not known.kpi_kind:
        model = fit_structural(panel, FitSettings())
    held = hold_out(panel, fit_structural, FitSettings(), 16)
    version = store(installation.services, analyst, panel, name=name)
    results = dump(question(model, panel, held))
    return publish(installation.services, analyst, version, model, results=results, **changes)


@pytest.fixture(scope="module")
def stored_results() -> dict[str, bytes]:
    return {}


@pytest.fixture
def champion(installation: Installation, stored_results: dict[str, bytes]) -> str:
    """The known world with a margin; its results are worked out once a module."""
    from mmm.models.structural import fit_structural

    panel, model = known_world()
    panel = replace(panel, margin=0.4)
    if "known" not in stored_results:
        stored_results["known"] = dump(question(model, panel, hold_out(panel, fit_structural, FitSettings(), 16)))
    analyst = installation.actor("analyst")
    version = store(installation.services, analyst, panel, name="Harbour *Outfitters*")
    return publish(installation.services, analyst, version, model, results=stored_results["known"])


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", ["executive", "manager", "analyst"])
def test_everybody_who_sees_results_can_read_every_page(champion: str, app_as: OpenApp, role: str, page: str) -> None:
    app = drawn(app_as(role, page))
    assert len(app.title) == 1
    assert any("Harbour \\*Outfitters\\*" in caption.value for caption in app.caption)
    assert any("intervals hold 90" in caption.value for caption in app.caption)
    assert app.get("plotly_chart")


def test_home_says_what_changed_and_offers_moves_to_those_who_plan(champion: str, app_as: OpenApp) -> None:
    app = drawn(app_as("manager", "home"))
    assert "in the last 4 weeks" in app.title[0].value
    assert any("likely to pay" in text for text in texts(app))
    assert [b.label for b in app.button if "scenario" in b.label]


def test_the_titles_of_channels_are_findings_and_answer_both_questions(champion: str, app_as: OpenApp) -> None:
    app = drawn(app_as("manager", "channels"))
    assert "the next €1" in app.title[0].value
    questions = [s.value for s in app.subheader]
    assert any(text.startswith("What if we double") for text in questions)
    assert any(text.startswith("Where do returns on") for text in questions)
    first = app.title[0].value
    app.segmented_control[0].select("social").run()
    assert drawn(app).title[0].value != first
    assert app.query_params["channel"] == "social"


def test_both_methods_are_named_where_their_numbers_are(champion: str, app_as: OpenApp) -> None:
    captions = " ".join(caption.value for caption in drawn(app_as("executive", "contribution")).caption)
    assert "Method: Shapley" in captions
    assert "Method: drop-one" in captions


def test_manager_pages_use_no_analysts_words(champion: str, app_as: OpenApp) -> None:
    for page in ("home", "contribution", "channels"):
        words = " ".join(texts(app_as("manager", page))).lower()
        for word in ("posterior", "hdi", "shap ", "shap-", "r²", "adstock", "prior"):
            assert word not in words


class TestBeforeThereAreAnswers:
    @pytest.mark.parametrize("page", PAGES)
    def test_without_data_it_says_what_is_missing_and_who_can_help(self, app_as: OpenApp, page: str) -> None:
        app = drawn(app_as("executive", page))
        assert app.title[0].value == "There are no data yet\\."
        assert any("upload" in markdown.value for markdown in app.markdown)
        assert not [b for b in app.button if b.label == "Upload data"]  # an executive may not

    def test_an_analyst_gets_the_button(self, installation: Installation, app_as: OpenApp) -> None:
        assert [b for b in drawn(app_as("analyst", "home")).button if b.label == "Upload data"]
        store(installation.services, installation.actor("analyst"), known_world()[0])
        app = drawn(app_as("analyst", "home"))
        assert "No model has been trained" in app.title[0].value
        assert [b for b in app.button if b.label == "Train a model"]

    def test_a_running_training_shows_how_far_it_is(self, installation: Installation, app_as: OpenApp) -> None:
        analyst = installation.actor("analyst")
        version = store(installation.services, analyst, known_world()[0])
        installation.services.training.submit(analyst, version)
        app = drawn(app_as("executive", "home"))
        assert "is being trained" in app.title[0].value
        assert app.get("progress")


class TestUnusualData:
    def test_without_a_value_pages_speak_of_costs_and_never_of_roi(
        self, installation: Installation, app_as: OpenApp
    ) -> None:
        panel = replace(known_world()[0], kpi_kind=KpiKind.UNITS, kpi_name="orders")
        champion_of(installation, panel)
        for page in PAGES:
            words = " ".join(texts(drawn(app_as("manager", page))))
            assert "ROI" not in words
            assert "×" not in words

    def test_a_name_that_is_markup_is_only_a_name(self, installation: Installation, app_as: OpenApp) -> None:
        nasty = "![x](https://example.org/x.png)"
        panel = known_world()[0]
        labels = replace(panel.labels, channels=(nasty, *panel.labels.channels[1:]))
        champion_of(installation, replace(panel, labels=labels), name=nasty)
        for page in PAGES:
            app = drawn(app_as("manager", page))
            assert not any(nasty in text for text in texts(app))

    def test_orders_with_a_value_are_shown_in_money_and_called_revenue(
        self, installation: Installation, app_as: OpenApp
    ) -> None:
        known = known_world()[0]
        value = np.full(known.kpi.shape, 20.0)
        champion_of(installation, replace(known, kpi_kind=KpiKind.UNITS, kpi_name="orders", value_per_kpi=value))
        app = drawn(app_as("manager", "home"))
        assert app.title[0].value.startswith("Revenue ")
        assert "€" in app.metric[0].value

    def test_a_list_of_names_shows_them_without_escapes(self, installation: Installation, app_as: OpenApp) -> None:
        for name in ("north_shop", "south_shop"):
            champion_of(installation, known_world()[0], name=name)
        app = drawn(app_as("manager", "contribution"))
        assert sorted(app.selectbox(key="choose_dataset").options) == ["north_shop", "south_shop"]

    def test_a_failed_check_is_a_plain_banner(self, installation: Installation, app_as: OpenApp) -> None:
        champion_of(installation, known_world()[0], status=HealthStatus.FAIL)
        app = drawn(app_as("executive", "contribution"))
        assert any("failed a health check" in warning.value for warning in app.warning)

    def test_weeks_without_a_figure_are_said_to_be_left_out(self, installation: Installation, app_as: OpenApp) -> None:
        panel = known_world()[0]
        observed = panel.observed.copy()
        observed[:, 20:23] = False
        champion_of(installation, replace(panel, observed=observed))
        captions = [caption.value for caption in drawn(app_as("executive", "contribution")).caption]
        assert any("3 weeks without an observed figure" in caption for caption in captions)

    def test_a_channel_that_never_spent_says_so(self, installation: Installation, app_as: OpenApp) -> None:
        panel = known_world()[0]
        spend = panel.spend.copy()
        spend[..., 0] = 0.0
        quiet = replace(panel, spend=spend, labels=replace(panel.labels, channels=("idle", *panel.labels.channels[1:])))
        champion_of(installation, quiet)
        assert "nothing is known" in drawn(app_as("manager", "channels")).title[0].value
        for page in PAGES:
            drawn(app_as("manager", page))


class TestExport:
    def test_an_export_is_written_down_before_it_is_handed_over(
        self, installation: Installation, champion: str
    ) -> None:
        manager: Actor = installation.actor("manager")
        content = installation.services.questions.contribution_csv(manager).decode("utf-8-sig")
        rows = content.splitlines()
        assert rows[0].startswith("channel,spend,contribution (drop-one)")
        assert len(rows) == 1 + len(known_world()[0].labels.channels)
        events = installation.services.audit.events(installation.actor("auditor"), actions=("export",))
        assert [(e.actor, e.object_id) for e in events] == [("manager", champion)]

    def test_a_cell_that_a_spreadsheet_would_compute_is_only_text(self) -> None:
        from mmm.services.exports import to_csv

        cells = to_csv([("=1+1", 2.5, None, float("nan"), float(np.inf))]).decode("utf-8-sig").strip()
        assert cells == "'=1+1,2.5,,,"
