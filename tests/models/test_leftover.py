from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmm.models.base import FitSettings
from mmm.models.leftover import STIFFER, Features, gain, stiffened, structure_of
from mmm.models.ordering import by_name
from mmm.models.structural import StructuralModel
from tests.models.worlds import SETTINGS, fitted, panel_of


def structure() -> StructuralModel:
    found = fitted("structural", "permuted")
    assert isinstance(found, StructuralModel)
    return found


class TestStructure:
    def test_may_be_handed_over_in_any_order_of_channels(self) -> None:
        panel = panel_of("permuted")
        given = structure_of(panel, SETTINGS, structure())
        ours = structure_of(panel, SETTINGS)
        assert given.labels.channels == tuple(sorted(panel.labels.channels))
        ordered = by_name(panel)[0].inputs()
        np.testing.assert_allclose(given.expected(ordered), ours.expected(ordered), rtol=1e-9)

    def test_keeps_its_media(self) -> None:
        panel = by_name(panel_of("permuted"))[0]
        ours = structure_of(panel, SETTINGS)
        inputs = panel.inputs()
        again = stiffened(ours, panel, panel.observed, np.random.default_rng(9))
        effects = [m.expected(inputs) - m.expected(inputs.media_off()) for m in (ours, again)]
        np.testing.assert_allclose(*effects, atol=1e-6 * panel.kpi.mean())

    def test_learns_its_baseline_from_the_rows_it_is_given(self) -> None:
        panel = by_name(panel_of("plain"))[0]
        ours = structure_of(panel, SETTINGS)
        rows = panel.observed.copy()
        rows[:, 40:] = False
        other = replace(panel, kpi=np.where(rows, panel.kpi, 0.0))
        here, there = (
            stiffened(ours, p, rows, np.random.default_rng(0)).expected(panel.inputs()) for p in (panel, other)
        )
        np.testing.assert_array_equal(here, there)

    def test_trend_moves_less_than_the_structure_allows(self) -> None:
        panel = panel_of("plain")
        base = fitted("structural", "plain")
        assert isinstance(base, StructuralModel)
        ours = structure_of(panel, FitSettings(seed=3), base)
        at = base.design.kinds.index("trend")
        assert ours.parameters.baseline[:, at].std() < 2 * STIFFER["trend"] < base.parameters.baseline[:, at].std() * 2

    def test_names_what_learners_look_at(self) -> None:
        names = Features(structure()).context_names
        assert "price_index" in names
        assert len(names) == Features(structure()).context(panel_of("plain").inputs(), slice(0, 5)).shape[2]


def test_gain_is_the_share_of_the_error_removed() -> None:
    assert gain(np.array([[4.0, 4.0], [1.0, 1.0]]), 1) == 0.5
    assert gain(np.zeros((2, 3)), 1) == 0.0
