"""The latest change adds up to what is put down to whom."""

from __future__ import annotations

import numpy as np
import pytest

from mmm.data.inputs import Frequency
from mmm.data.panel import KpiKind, Panel
from mmm.effects.change import Change, latest_change
from mmm.effects.contributions import shapley
from mmm.effects.estimate import Units
from tests.fakes import a_model, a_panel


def changed(panel: Panel) -> Change | None:
    actual = np.where(panel.observed, panel.kpi, np.nan)
    return latest_change(shapley(a_model(panel), panel.inputs(), actual=actual, units=Units.of(panel)))


@pytest.mark.parametrize("markets", [1, 3])
def test_the_parts_add_up_to_the_change(markets: int) -> None:
    panel = a_panel(markets=markets)
    found = changed(panel)
    assert found is not None
    assert found.baseline + found.channels.sum() + found.unexplained == pytest.approx(found.total)
    assert found.after == pytest.approx(panel.kpi[:, -4:].sum())
    assert found.before == pytest.approx(panel.kpi[:, -8:-4].sum())
    assert not found.filled


def test_a_count_with_a_value_is_shown_in_money() -> None:
    panel = a_panel(kpi_kind=KpiKind.UNITS, value=20.0)
    found = changed(panel)
    assert found is not None
    assert found.after == pytest.approx(20.0 * panel.kpi[:, -4:].sum())
    assert found.units.shown == "EUR"


def test_an_unobserved_period_stands_at_what_was_expected_and_says_so() -> None:
    panel = a_panel()
    observed = panel.observed.copy()
    observed[0, -2] = False
    gap = Panel(**{**{name: getattr(panel, name) for name in panel.__dataclass_fields__}, "observed": observed})
    found = changed(gap)
    assert found is not None
    assert found.filled
    assert np.isfinite(found.total)
    assert found.baseline + found.channels.sum() + found.unexplained == pytest.approx(found.total)


def test_a_span_is_four_weeks_at_any_frequency() -> None:
    daily = changed(a_panel(frequency=Frequency.DAY))
    monthly = changed(a_panel(frequency=Frequency.MONTH))
    assert daily is not None
    assert monthly is not None
    assert (len(daily.recent), len(monthly.recent)) == (28, 1)


def test_too_short_a_history_has_no_change() -> None:
    assert changed(a_panel(n=7)) is None
