"""The refresh bridge: differences between two models, each ascribed to its cause."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from mmm.data.panel import Panel
from mmm.models.base import FitSettings
from mmm.validation.bridge import CAUSES, MODEL, NEW_WEEKS, RESTATED, SETTINGS, Bridge, Fitting, refresh_bridge
from mmm.web.bridge_view import bridge_words, rows
from tests.models.worlds import small_world

QUICK = FitSettings(seed=1, n_draws=20)


@cache
def whole() -> Panel:
    return small_world(72)


def old(family: str = "linear") -> Fitting:
    return Fitting(whole().take(slice(0, 60)), family, QUICK)


def causes(bridge: Bridge) -> list[str]:
    return [cause for cause, changed in zip(CAUSES, bridge.changed, strict=True) if changed]


class TestABridge:
    def test_between_equal_models_adds_nothing(self) -> None:
        bridge = refresh_bridge(old(), Fitting(whole().take(slice(0, 60)), "linear", QUICK))
        assert causes(bridge) == []
        np.testing.assert_array_equal(bridge.before, bridge.after)

    def test_after_new_weeks_names_the_weeks_alone(self) -> None:
        bridge = refresh_bridge(old(), Fitting(whole(), "linear", QUICK))
        assert causes(bridge) == [NEW_WEEKS]
        assert np.abs(bridge.added[CAUSES.index(NEW_WEEKS)]).max() > 0

    def test_after_a_restatement_tells_it_from_the_weeks(self) -> None:
        spend = whole().spend.copy()
        spend[:, 5, 0] *= 3.0
        bridge = refresh_bridge(old(), Fitting(replace(whole(), spend=spend), "linear", QUICK))
        assert causes(bridge) == [RESTATED, NEW_WEEKS]

    def test_adds_up(self) -> None:
        new = Fitting(whole(), "ridge", replace(QUICK, seed=2))
        bridge = refresh_bridge(old(), new)
        assert causes(bridge) == [NEW_WEEKS, SETTINGS, MODEL]
        np.testing.assert_allclose(bridge.before + bridge.added.sum(axis=0), bridge.after)

    def test_holds_the_channels_that_both_models_have(self) -> None:
        panel = whole()
        names = (panel.labels.channels[0], "radio", panel.labels.channels[2])
        renamed = replace(panel, labels=replace(panel.labels, channels=names))
        bridge = refresh_bridge(old(), Fitting(renamed, "linear", QUICK))
        assert bridge.channels == (panel.labels.channels[0], panel.labels.channels[2])


class TestItsWords:
    def bridge(self) -> Bridge:
        added = np.array([[0.0, 0.0], [-0.4, 0.1], [0.0, 0.0], [-0.1, 0.0]])
        before = np.array([1.9, 1.0])
        return Bridge(("tv", "search"), before, before + added.sum(axis=0), added, (False, True, False, True))

    def test_name_the_channel_that_moved_most_and_why(self) -> None:
        assert bridge_words(self.bridge()) == "tv moved most: 1.9× → 1.4×, mainly through new weeks."

    def test_show_a_cause_without_change_as_a_dash(self) -> None:
        first = rows(self.bridge())[0]
        assert first["New weeks"] == "−0.40×"
        assert first["Settings"] == "–"
