"""Lift tests as people write them, and the panel they are put to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.attach import attach
from mmm.data.panel import KpiKind
from mmm.data.parquet import panel_from_parquet, panel_to_parquet
from mmm.data.readouts import ReadOut, read_lift_file, read_outs
from mmm.errors import DataError
from tests.models.worlds import small_world

GOOD = {"channel": "search", "start": "2023-03-06", "end": "2023-04-02", "lift": 800, "se": 160}


def only(row) -> ReadOut:
    tests, problems = read_outs([row])
    assert problems == []
    return tests[0]


def without(row, *keys):
    return {key: value for key, value in row.items() if key not in keys}


class TestRows:
    def test_a_plain_row_is_a_test(self):
        test = only(GOOD).test
        assert (test.channel, str(test.start), test.lift, test.se, test.market) == (
            "search",
            "2023-03-06",
            800,
            160,
            None,
        )

    @pytest.mark.parametrize(("level", "z"), [(None, 1.645), (90, 1.645), (95, 1.960)])
    def test_an_interval_stands_for_its_standard_error(self, level, z):
        test = only(without(GOOD, "se") | {"low": 800 - 100 * z, "high": 800 + 100 * z, "level": level}).test
        assert test.se == pytest.approx(100, rel=1e-3)

    def test_per_cent_are_of_the_baseline_with_their_error(self):
        test = only(without(GOOD, "lift") | {"lift_percent": 4, "baseline": 20_000, "se": 1}).test
        assert (test.lift, test.se) == (800, 200)

    def test_every_problem_of_every_row_is_named(self):
        rows = [
            {"channel": "", "start": "soon", "end": "2023-04-02", "se": 0},
            GOOD | {"end": "2022-01-01", "size": 3},
            7,
            without(GOOD, "se") | {"low": 900, "high": 1000},
            without(GOOD, "lift") | {"lift_percent": 4},
            GOOD | {"lift": "much"},
        ]
        told = " ".join(read_outs(rows)[1])
        for words in (
            "lift_tests[1]: channel is missing", "start must be a date", "lift is missing", "se must lie above zero",
            "lift_tests[2]: “size”", "before it starts", "lift_tests[3] must be an object", "between low and high",
            "needs the baseline", "lift must be a number",
        ):  # fmt: skip
            assert words in told, words


class TestFiles:
    def test_headings_come_in_any_order_and_case(self):
        content = b"Start;End;Channel;Lift;Low;High\n06.03.2023;02.04.2023;search;800,5;636,0;965,0\n"
        (found,) = read_lift_file("tests.csv", content)
        assert (str(found.test.start), found.test.lift) == ("2023-03-06", 800.5)
        assert found.test.se == pytest.approx(100, rel=1e-3)

    def test_what_is_wrong_is_said_with_its_row(self):
        content = b"channel,start,end,lift,se\nsearch,2023-03-06,2023-04-02,800,160\ntv,2023-03-06,later,many,-1\n"
        with pytest.raises(DataError, match=r"row 3 has “later”.*row 3 has “many”.*row 3: se must"):
            read_lift_file("tests.csv", content)

    def test_a_missing_heading_is_named(self):
        with pytest.raises(DataError, match=r"no column “start”.*column “when” is not known"):
            read_lift_file("tests.csv", b"channel,when,end,lift,se\na,2023-03-06,2023-04-02,1,1\n")


class TestAPanel:
    def test_takes_the_tests_it_can_replay_and_says_why_it_leaves_the_others(self):
        panel = small_world(40)
        spend = panel.spend.copy()
        spend[:, 20:24, 1] = 0.0
        panel = replace(panel, spend=spend)
        quiet = {"channel": "social", "start": panel.periods[20].item(), "end": (panel.periods[23] + 6).item()}
        rows = [
            GOOD,
            GOOD | {"channel": "radio"},
            GOOD | {"market": "moon"},
            GOOD | {"start": "2020-01-06"},
            GOOD | quiet,
        ]
        found = attach(panel, [only(row) for row in rows])
        assert found.used == (0,)
        assert [left.why for left in found.left_out] == ["channel", "market", "outside", "no_spend"]
        assert len(found.panel.lift_windows) == 1

    def test_money_is_turned_into_units_by_their_worth_in_the_window(self):
        panel = small_world(40)
        worth = replace(panel, kpi_kind=KpiKind.UNITS, value_per_kpi=np.full(panel.kpi.shape, 4.0))
        (test,) = attach(worth, [only(GOOD | {"unit": "money"})]).panel.lift_tests
        assert (test.lift, test.se) == (200, 40)
        unknown = replace(worth, value_per_kpi=None)
        assert attach(unknown, [only(GOOD | {"unit": "money"})]).left_out[0].why == "no_value"

    def test_keeps_its_tests_as_parquet_and_in_slices(self):
        panel = attach(small_world(40), [only(GOOD)]).panel
        assert panel_from_parquet(panel_to_parquet(panel)).lift_tests == panel.lift_tests
        assert len(panel.take(slice(0, 20)).lift_windows) == 1
        assert panel.take(slice(0, 10)).lift_windows == ()
