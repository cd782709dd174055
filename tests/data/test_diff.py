import json
from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from mmm.data.diff import MAX_CELLS, NameChanges, diff_panels
from mmm.data.inputs import ControlRole, Labels
from mmm.data.panel import Panel
from tests.data.tables import built, table

PANEL = built(table(30)).panel


def made(seed: int, periods: int = 30, markets: int = 2, controls: int = 1) -> Panel:
    rng = np.random.default_rng(seed)
    labels = Labels(
        tuple(f"m{i}" for i in range(markets)),
        ("tv", "radio"),
        tuple(f"c{i}" for i in range(controls)),
        (ControlRole.CONFOUNDER,) * controls,
    )
    shape = markets, periods
    return Panel(
        labels=labels,
        periods=np.datetime64("2024-01-01") + 7 * np.arange(periods),
        kpi=rng.gamma(2, 100, shape),
        spend=rng.gamma(2, 10, (*shape, 2)),
        controls=rng.normal(size=(*shape, controls)),
        observed=np.ones(shape, np.bool_),
        filled=np.zeros(shape, np.bool_),
        population=rng.integers(1, 9, markets) * 1e6,
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 60), st.integers(1, 4), st.integers(0, 3))
def test_a_panel_does_not_differ_from_itself(seed, periods, markets, controls):
    panel = made(seed, periods, markets, controls)
    assert diff_panels(panel, panel).empty


def test_a_changed_cell_is_told_with_both_values_and_its_relative_size():
    spend = PANEL.spend.copy()
    spend[0, 3, 0] = 206
    diff = diff_panels(PANEL, replace(PANEL, spend=spend))
    (cell,) = diff.cells
    assert (cell.kind, cell.series, cell.period) == ("spend", "tv", "2024-01-22")
    assert (cell.old, cell.new, cell.relative) == (103, 206, 1.0)
    assert [(t.kind, t.series, t.after - t.before) for t in diff.totals] == [("spend", "tv", 103)]
    assert not diff.empty


def test_the_largest_change_comes_first():
    kpi = PANEL.kpi.copy()
    kpi[0, 2] *= 1.1
    kpi[0, 9] *= 0.2
    assert [cell.period for cell in diff_panels(PANEL, replace(PANEL, kpi=kpi)).cells] == ["2024-03-04", "2024-01-15"]


def test_new_weeks_are_periods_added():
    longer = built(table(33)).panel
    diff = diff_panels(PANEL, longer)
    assert diff.periods == NameChanges(added=("2024-07-29", "2024-08-05", "2024-08-12"))
    assert diff.n_cells == 0
    assert diff_panels(longer, PANEL).periods.gone == diff.periods.added


def test_a_channel_that_appears_or_vanishes_is_named_with_its_total():
    other = built(table(30, extra={"search_spend": ["5"] * 30})).panel
    diff = diff_panels(PANEL, other)
    assert diff.channels.added == ("search",)
    assert [(t.series, t.before, t.after) for t in diff.totals] == [("search", None, 150)]


def test_settings_that_differ_are_named():
    diff = diff_panels(PANEL, replace(PANEL, currency="USD", margin=0.4, country="DE"))
    assert [(s.setting, s.old, s.new) for s in diff.settings] == [
        ("currency", "EUR", "USD"),
        ("margin", "", "0.4"),
        ("country", "", "DE"),
    ]


def test_a_control_with_another_role_is_a_setting():
    panel = made(1)
    labels = replace(panel.labels, control_roles=(ControlRole.MEDIATOR,))
    (setting,) = diff_panels(panel, replace(panel, labels=labels)).settings
    assert (setting.setting, setting.old, setting.new) == ("role of c0", "confounder", "mediator")


def test_weeks_that_are_no_longer_used_for_fitting_are_named():
    observed = PANEL.observed.copy()
    observed[0, 4] = False
    assert diff_panels(PANEL, replace(PANEL, observed=observed)).refitted == ("national, 2024-01-29",)


def test_all_changes_are_counted_and_the_largest_listed():
    panel = made(3, 600, 4)
    diff = diff_panels(panel, replace(panel, kpi=panel.kpi * 2))
    assert diff.n_cells == 2400
    assert len(diff.cells) == MAX_CELLS


def test_the_difference_is_json():
    plain = diff_panels(made(1), made(2)).as_dict()
    assert json.loads(json.dumps(plain, allow_nan=False))["n_cells"] == plain["n_cells"]
