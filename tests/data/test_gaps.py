import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.data.gaps import CARRY_OVER_DAYS, runs
from mmm.data.inputs import ControlRole, Frequency
from tests.data.tables import built, codes, found, table, weeks

UNKNOWN = {"missing_spend": "unknown"}


def places(mask) -> list[int]:
    return np.flatnonzero(mask).tolist()


def test_one_missing_week_is_filled_and_marked_but_never_fitted():
    result = built(table(drop=(8,)))
    panel = result.panel
    assert places(panel.filled[0]) == [8]
    assert places(~panel.observed[0]) == [8]
    assert panel.kpi[0, 8] == panel.kpi[0, 7]
    assert panel.spend[0, 8].tolist() == panel.spend[0, 7].tolist()
    assert codes(result) == ["filled"]
    assert "2024-02-26: the file has no row" in result.findings[0].message


def test_two_missing_weeks_are_excluded_with_the_eight_their_spend_reaches():
    result = built(table(n=60, drop=(8, 9)))
    panel = result.panel
    assert not panel.filled.any()
    assert places(~panel.observed[0]) == list(range(8, 18))
    assert codes(result) == ["excluded", "contaminated"]
    assert panel.spend[0, 8:10, 0].tolist() == [108, 109]  # between known neighbours


def test_a_gap_in_the_kpi_alone_excludes_only_itself():
    panel = built(table(n=60, change={8: {"sales": ""}, 9: {"sales": "--"}, 10: {"sales": "n/a"}})).panel
    assert places(~panel.observed[0]) == [8, 9, 10]
    assert not panel.filled.any()
    assert panel.spend[0, 8:11, 0].tolist() == [108, 109, 110]  # known spend is kept and still carries over


def test_unknown_spend_of_one_week_is_filled_and_marked():
    result = built(table(n=60, change={8: {"tv_spend": ""}}), **UNKNOWN)
    panel = result.panel
    assert panel.spend[0, 8, 0] == 107
    assert places(panel.filled[0]) == [8]
    assert places(~panel.observed[0]) == [8]
    assert found(result, "filled") == [(10, "tv_spend")]


def test_unknown_spend_of_two_weeks_masks_what_its_carry_over_reaches():
    result = built(table(n=60, change={8: {"tv_spend": ""}, 9: {"tv_spend": "NULL"}}), **UNKNOWN)
    panel = result.panel
    assert places(~panel.observed[0]) == list(range(8, 10 + CARRY_OVER_DAYS // 7))
    assert found(result, "excluded") == [(10, "tv_spend")]
    assert panel.kpi[0, 8] == 1080  # the KPI is known and kept, though not fitted


def test_thirteen_days_are_filled_and_fourteen_are_not():
    thirteen = built(table(n=200, step=1, drop=tuple(range(50, 63))), frequency=Frequency.DAY).panel
    fourteen = built(table(n=200, step=1, drop=tuple(range(50, 64))), frequency=Frequency.DAY).panel
    assert places(thirteen.filled[0]) == list(range(50, 63))
    assert places(~thirteen.observed[0]) == list(range(50, 63))
    assert not fourteen.filled.any()
    assert places(~fourteen.observed[0]) == list(range(50, 64 + CARRY_OVER_DAYS))


def monthly(n: int, drop: tuple[int, ...]) -> str:
    rows = [f"{2020 + i // 12}-{1 + i % 12:02d},{100 + i},{i}" for i in range(n) if i not in drop]
    return "\n".join(["month,sales,tv_spend", *rows])


def test_a_missing_month_is_excluded_and_not_filled():
    result = built(monthly(40, (20,)))
    panel = result.panel
    assert panel.labels.frequency is Frequency.MONTH
    assert not panel.filled.any()
    assert places(~panel.observed[0]) == [20, 21, 22]  # 56 days after it reach two months


def test_a_gap_at_the_start_is_filled_backward():
    panel = built(table(change={0: {"sales": ""}})).panel
    assert panel.kpi[0, 0] == panel.kpi[0, 1]
    assert places(panel.filled[0]) == [0]


def test_a_market_that_starts_late_is_excluded_until_then():
    body = "".join(
        f"{day},{geo},{100 + i},{i}\n"
        for geo in ("north", "south")
        for i, day in enumerate(weeks(60))
        if geo == "north" or i >= 10
    )
    result = built("date,geo,sales,tv_spend\n" + body)
    assert result.panel.observed[0].all()
    assert places(~result.panel.observed[1]) == list(range(18))
    assert "in south" in result.findings[0].message


def test_a_flag_is_off_where_it_is_not_set():
    result = built(table(extra={"holiday": ["1" if i % 10 == 0 else "" for i in range(30)]}))
    assert result.panel.controls[0, :11, 0].tolist() == [1.0] + [0.0] * 9 + [1.0]
    assert result.panel.observed.all()


def test_a_long_gap_in_a_control_excludes_its_periods():
    price = [str(10 + i) if i not in (5, 6, 12) else "" for i in range(30)]
    result = built(table(extra={"price": price}), controls={"price": ControlRole.CONFOUNDER})
    assert places(~result.panel.observed[0]) == [5, 6]
    assert result.panel.controls[0, [5, 6, 12], 0].tolist() == [15, 16, 21]
    assert found(result, "excluded") == [(7, "price")]
    assert found(result, "filled") == [(14, "price")]


def test_without_spend_there_is_no_exposure():
    rows = [f"{day},{100 + i},{0 if i == 4 else 10},{'' if i in (4, 9) else 1000}" for i, day in enumerate(weeks(30))]
    result = built("\n".join(["date,sales,tv_spend,tv_impressions", *rows]))
    assert result.panel.exposure[0, [4, 9], 0].tolist() == [0, 1000]
    assert places(result.panel.filled[0]) == [9]


@settings(deadline=None)
@given(st.sets(st.integers(1, 58), max_size=25), st.sets(st.integers(1, 58), max_size=25))
def test_nothing_missing_is_ever_observed_and_every_array_stays_finite(no_kpi, no_spend):
    change = {i: {} for i in no_kpi | no_spend}
    for i in no_kpi:
        change[i]["sales"] = ""
    for i in no_spend:
        change[i]["tv_spend"] = ""
    result = built(table(n=60, change=change), **UNKNOWN)
    panel = result.panel
    if panel is None:
        assert "too_short" in codes(result)
        return
    lost = np.zeros(60, dtype=bool)
    lost[list(no_kpi | no_spend)] = True
    assert not (panel.observed[0] & lost).any()
    assert not (panel.filled & panel.observed).any()
    assert np.isfinite(panel.kpi).all()
    assert np.isfinite(panel.spend).all()
    known = ~np.isin(np.arange(60), list(no_spend))
    assert panel.spend[0, known, 0].tolist() == (100.0 + np.flatnonzero(known)).tolist()


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=40))
def test_runs_are_the_stretches_of_true(mask):
    covered = np.zeros(len(mask), dtype=bool)
    for start, stop in runs(np.array(mask, dtype=bool)):
        assert stop > start
        covered[start:stop] = True
    assert covered.tolist() == mask
