"""`mmm run`, start to finish, on files."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from mmm.cli import app
from mmm.data.simulate import WorldSettings, four_channel_world, simulate
from mmm.headless import read_sources

SAMPLE = Path(__file__).parents[2] / "sample_data"
SHARED = Path(__file__).parents[3] / "shared" / "data"
HISTORY = 80


def call(*arguments):
    return CliRunner().invoke(app, ["run", *map(str, arguments)])


def table(panel, market=None):
    g = 0 if market is None else panel.labels.markets.index(market)
    columns = {"week": panel.periods.astype(str), "revenue": panel.kpi[g]}
    columns |= {f"{name}_spend": panel.spend[g, :, i] for i, name in enumerate(panel.labels.channels)}
    columns |= {name: panel.controls[g, :, i] for i, name in enumerate(panel.labels.controls)}
    return pd.DataFrame(columns if market is None else {"market": market} | columns)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("headless")
    panel = four_channel_world(11).panel
    whole = table(panel)
    whole[:HISTORY].to_csv(folder / "data.csv", index=False)
    whole[HISTORY:].drop(columns="revenue").to_csv(folder / "future.csv", index=False)
    spec = {
        "date": "week",
        "kpi": "revenue",
        "channels": {name: {"spend": f"{name}_spend"} for name in panel.labels.channels},
        "controls": list(panel.labels.controls),
        "model": "structural",
        "future": "future.csv",
        "curve_multipliers": [0, 0.5, 1, 1.5],
        "plan": {"horizon": 10, "bounds": {"default": [0.5, 1.5], "video": [1.0, 1.0]}},
    }
    (folder / "spec.json").write_text(json.dumps(spec))
    return folder


@pytest.fixture(scope="module")
def result(files):
    done = call(files / "data.csv", "--spec", files / "spec.json", "--out", files / "out.json", "--seed", 3)
    assert done.exit_code == 0, done.output
    return json.loads((files / "out.json").read_text())


def test_the_result_has_every_key(result):
    wanted = {"prediction", "contributions", "contributions_shapley", "curves", "plan", "model", "timing", "findings"}
    assert wanted <= set(result)
    assert set(result["timing"]) == {"fit", "plan"}
    assert {"family", "version", "health"} <= set(result["model"])


def test_every_channel_is_graded_and_a_failed_check_is_said(result):
    assert set(result["grades"]) == set(result["contributions"])
    assert set(result["grades"].values()) <= set("ABCD")
    assert result["health_ok"] is (result["model"]["health"]["status"] != "fail")


def test_each_row_of_the_future_is_predicted_within_reason(result):
    world = four_channel_world(11)
    truth = world.truth.expected(world.panel.inputs())[0, HISTORY:]
    assert len(result["prediction"]) == 24
    error = (pd.Series(result["prediction"]) - truth).abs().mean() / truth.mean()
    assert error < 0.06  # noise is 4 %; a forecast of the mean that is off by more has lost the thread


def test_contributions_come_with_their_interval(result):
    for kind in ("contributions", "contributions_shapley"):
        assert set(result[kind]) == {"search", "social", "display", "video"}
        for found in result[kind].values():
            assert found["lo"] <= found["total"] <= found["hi"]


def test_curves_start_at_nothing_and_rise(result):
    for curve in result["curves"].values():
        assert len(curve) == 4
        assert curve[0] == pytest.approx(0, abs=1e-6)
        assert curve == sorted(curve)


def test_the_plan_spends_the_recent_rate_inside_the_bounds(result):
    panel = four_channel_world(11).panel.take(slice(0, HISTORY))
    usual = panel.spend[0, -12:].mean(axis=0) * 10
    plan = result["plan"]
    assert sum(plan["allocation"].values()) == pytest.approx(usual.sum(), abs=0.01 * 4)
    for name, rate in zip(panel.labels.channels, usual, strict=True):
        low, high = (1.0, 1.0) if name == "video" else (0.5, 1.5)
        assert low * rate - 0.02 <= plan["allocation"][name] <= high * rate + 0.02
    assert plan["uplift"] >= 0
    assert 0 <= plan["p_better"] <= 1


def test_the_same_seed_gives_the_same_result(files, result):
    call(files / "data.csv", "--spec", files / "spec.json", "--out", files / "again.json", "--seed", 3)
    again = json.loads((files / "again.json").read_text())
    assert {**again, "timing": None} == {**result, "timing": None}


def test_several_markets_are_predicted_row_by_row(tmp_path):
    panel = simulate(WorldSettings(n_periods=60, markets=("north", "south")), 4).panel
    whole = pd.concat([table(panel, "north"), table(panel, "south")])
    early = whole.week < str(panel.periods[48])
    whole[early].to_csv(tmp_path / "data.csv", index=False)
    whole[~early].drop(columns="revenue").sort_values("week").to_csv(tmp_path / "next.csv", index=False)
    spec = {
        "date": "week", "market": "market", "kpi": "revenue", "controls": list(panel.labels.controls),
        "channels": {name: f"{name}_spend" for name in panel.labels.channels}, "model": "structural",
        "future": "next.csv",
    }  # fmt: skip
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    done = call(tmp_path / "data.csv", "--spec", tmp_path / "spec.json", "--out", tmp_path / "out.json")
    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "out.json").read_text())
    rows = result["prediction_rows"]
    assert [row["market"] for row in rows[:2]] == ["north", "south"]
    assert len(result["prediction"]) == len(rows) == 24


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kpi": "profit"}, "profit"),
        ({"plan": {"total": 1.0}}, "total"),
        ({"future": "absent.csv"}, "absent.csv"),
        ({"model": "oracle"}, "oracle"),
        ({"curve_multipliers": []}, "curve_multipliers"),
    ],
)
def test_bad_input_is_one_plain_line_and_exit_code_2(files, change, says):
    spec = json.loads((files / "spec.json").read_text()) | change
    (files / "bad.json").write_text(json.dumps(spec))
    done = call(files / "data.csv", "--spec", files / "bad.json", "--out", files / "none.json")
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.output
    assert not (files / "none.json").exists()


def test_a_future_with_a_hole_is_refused(files):
    future = pd.read_csv(files / "future.csv").drop(index=3)
    future.to_csv(files / "holey.csv", index=False)
    spec = json.loads((files / "spec.json").read_text()) | {"future": "holey.csv"}
    (files / "bad.json").write_text(json.dumps(spec))
    done = call(files / "data.csv", "--spec", files / "bad.json", "--out", files / "none.json")
    assert done.exit_code == 2
    assert "coming periods" in done.stderr


def test_a_file_that_does_not_exist_is_named(files):
    done = call(files / "nothing.csv", "--spec", files / "spec.json", "--out", files / "none.json")
    assert done.exit_code == 2
    assert "nothing.csv" in done.stderr


def test_the_example_of_the_documentation_runs(tmp_path):
    out = tmp_path / "r.json"
    done = call(SAMPLE / "sample_weekly.csv", "--spec", SAMPLE / "sample_spec.json", "--out", out, "--seed", 1)
    assert done.exit_code == 0, done.output
    result = json.loads(out.read_text())
    truth = json.loads((SAMPLE / "sample_truth.json").read_text())["channels"]
    held = [
        found["lo"] <= truth[name]["contribution_total"] <= found["hi"]
        for name, found in result["contributions"].items()
    ]
    assert sum(held) >= 4  # of five 90 % intervals


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason=f"the example files are not there: {SHARED}")
def test_a_file_whose_target_is_called_y(tmp_path):
    spec = {"date": "date_week", "kpi": "y", "channels": {"x1": {"spend": "x1"}, "x2": {"spend": "x2"}},
            "controls": ["event_1", "event_2"], "model": "structural"}  # fmt: skip
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    out = tmp_path / "r.json"
    done = call(SHARED / "pymc_mmm_example.csv", "--spec", tmp_path / "spec.json", "--out", out)
    assert done.exit_code == 0, done.output
    assert len(json.loads(out.read_text())["prediction"]) == 179


def test_a_specification_may_keep_the_days_of_a_daily_file(tmp_path):
    rows = "".join(f"2024-{1 + i // 28:02d}-{1 + i % 28:02d},{100 + i},{i % 7}\n" for i in range(28))
    (tmp_path / "data.csv").write_text("day,sales,tv\n" + rows)
    spec = {"date": "day", "kpi": "sales", "channels": {"tv": "tv"}}
    (tmp_path / "days.json").write_text(json.dumps({**spec, "roll_up": False}))
    assert read_sources(tmp_path / "data.csv", tmp_path / "days.json").panel.n_periods == 28
    rows = "".join(f"{day},1,2\n" for day in pd.date_range("2024-01-01", periods=147).strftime("%Y-%m-%d"))
    (tmp_path / "data.csv").write_text("day,sales,tv\n" + rows)
    (tmp_path / "weeks.json").write_text(json.dumps(spec))
    assert read_sources(tmp_path / "data.csv", tmp_path / "weeks.json").panel.n_periods == 21


@pytest.fixture(scope="module")
def tested(files):
    panel = four_channel_world(11).panel
    measured = {"lift": 9e4, "se": 2e4}
    rows = [
        {"channel": "search", "start": str(panel.periods[40]), "end": str(panel.periods[43] + 6)} | measured,
        {"channel": "video", "start": "2020-01-06", "end": "2020-02-02"} | measured,
    ]  # fmt: skip
    spec = json.loads((files / "spec.json").read_text())
    (files / "tested.json").write_text(json.dumps(spec | {"lift_tests": rows}))
    done = call(files / "data.csv", "--spec", files / "tested.json", "--out", files / "tested_out.json", "--seed", 3)
    assert done.exit_code == 0, done.output
    return json.loads((files / "tested_out.json").read_text())


class TestLiftTests:
    def test_what_was_measured_stands_beside_what_is_expected(self, tested):
        first, _ = tested["lift_tests"]
        assert (first["channel"], first["lift"], first["se"]) == ("search", 9e4, 2e4)
        before, after = first["expected_without_tests"], first["expected"]
        assert abs(after["mean"] - 9e4) < abs(before["mean"] - 9e4)
        assert after["lo"] < after["mean"] < after["hi"]

    def test_a_window_outside_the_data_is_a_finding(self, tested):
        _, second = tested["lift_tests"]
        assert second["expected"] is None
        assert second["why_not"].startswith("its days are not those")
        (told,) = [f["message"] for f in tested["findings"] if f["code"] == "lift_test_not_replayed"]
        assert "“video” from 2020-01-06 to 2020-02-02 was not replayed because" in told

    def test_contributions_without_them_are_those_of_a_run_without_them(self, tested, result):
        assert tested["contributions_without_lift_tests"] == result["contributions"]
        assert tested["contributions"] != result["contributions"]

    def test_a_run_without_tests_has_none(self, result):
        assert (result["lift_tests"], result["contributions_without_lift_tests"]) == ([], None)

    def test_a_file_of_tests_is_read_beside_the_specification(self, files):
        (files / "tests.csv").write_text("channel,start,end,lift,se\nsearch,2023-03-06,2023-04-02,90000,20000\n")
        spec = json.loads((files / "spec.json").read_text()) | {"lift_tests": "tests.csv"}
        (files / "by_file.json").write_text(json.dumps(spec))
        assert len(read_sources(files / "data.csv", files / "by_file.json").panel.lift_windows) == 1

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ({"channel": "radio"}, "radio"),
            ({"market": "moon"}, "moon"),
            ({"se": 0}, "se must lie above zero"),
        ],
    )
    def test_a_mistake_in_one_is_a_plain_line(self, files, row, says):
        good = {"channel": "search", "start": "2023-03-06", "end": "2023-04-02", "lift": 9e4, "se": 2e4}
        spec = json.loads((files / "spec.json").read_text()) | {"lift_tests": [good | row]}
        (files / "bad.json").write_text(json.dumps(spec))
        done = call(files / "data.csv", "--spec", files / "bad.json", "--out", files / "none.json")
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
        assert says in done.stderr
