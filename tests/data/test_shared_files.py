"""Real files of other tools, which lie beside the project where there are any."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmm.data.build import build_panel
from mmm.data.checks import check_panel
from mmm.data.inputs import ControlRole, Frequency
from mmm.data.mapping import ChannelColumns, guess_mapping
from mmm.data.panel import KpiKind
from mmm.data.parquet import panel_from_parquet, panel_to_parquet
from mmm.data.read import read_table

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"

pytestmark = pytest.mark.shared


def opened(name: str):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the example file {name} is not beside the project (../shared/data)")
    raw = read_table(name, path.read_bytes())
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return raw, guess_mapping(raw), rows


def total(rows, column: str) -> float:
    return math.fsum(float(row[column]) for row in rows)


def test_the_pymc_example_needs_no_correction():
    raw, mapping, rows = opened("pymc_mmm_example.csv")
    assert (mapping.date, mapping.kpi) == ("date_week", "y")
    assert mapping.channels == {"x1": ChannelColumns("x1"), "x2": ChannelColumns("x2")}
    assert list(mapping.controls) == ["event_1", "event_2"]
    result = build_panel(raw, mapping)
    panel = result.panel
    assert panel is not None
    assert result.questions == ()
    assert (panel.n_periods, panel.labels.frequency) == (179, Frequency.WEEK)
    assert panel.observed.all()
    assert panel.kpi.sum() == pytest.approx(total(rows, "y"), rel=1e-12)
    for channel, name in enumerate(("x1", "x2")):
        assert panel.spend[:, :, channel].sum() == pytest.approx(total(rows, name), rel=1e-12)


def test_the_pymc_examples_media_are_said_to_be_no_money():
    raw, mapping, _ = opened("pymc_mmm_example.csv")
    checks = {check.code: check for check in check_panel(build_panel(raw, mapping).panel)}
    assert checks["spend_not_money"].status == "fail"
    assert "x1, x2" in checks["spend_not_money"].finding
    assert checks["target_scale"].status == "warn"


def test_the_meridian_geo_file_is_twenty_markets_with_exposure():
    raw, mapping, rows = opened("meridian_geo_media.csv")
    assert (mapping.date, mapping.market, mapping.kpi) == ("time", "geo", "conversions")
    assert (mapping.kpi_kind, mapping.value_per_kpi) == (KpiKind.UNITS, "revenue_per_conversion")
    assert mapping.population == "population"
    assert mapping.channels == {
        f"Channel{i}": ChannelColumns(f"Channel{i}_spend", f"Channel{i}_impression") for i in range(4)
    }
    assert mapping.controls == {
        "competitor_activity_score_control": ControlRole.CONFOUNDER,
        "sentiment_score_control": ControlRole.CONFOUNDER,
    }
    result = build_panel(raw, mapping)
    panel = result.panel
    assert panel is not None
    assert panel.spend.shape == (20, 156, 4)
    assert panel.observed.all()
    assert panel.kpi.sum() == pytest.approx(total(rows, "conversions"), rel=1e-12)
    for channel in range(4):
        assert panel.spend[:, :, channel].sum() == pytest.approx(total(rows, f"Channel{channel}_spend"), rel=1e-12)
        assert panel.exposure[:, :, channel].sum() == total(rows, f"Channel{channel}_impression")
    money = math.fsum(float(row["conversions"]) * float(row["revenue_per_conversion"]) for row in rows)
    assert (panel.kpi * panel.money_per_kpi).sum() == pytest.approx(money, rel=1e-12)
    people = {row["geo"]: float(row["population"]) for row in rows}
    assert dict(zip(panel.labels.markets, panel.population, strict=True)) == people
    assert all(check.status in {"pass", "warn"} for check in check_panel(panel))
    again = panel_from_parquet(panel_to_parquet(panel))
    assert np.array_equal(again.exposure, panel.exposure)


def test_the_insurance_series_is_forty_months_of_one_channel():
    raw, mapping, rows = opened("fpp2_insurance_tv_monthly.csv")
    assert (mapping.date, mapping.kpi, mapping.kpi_kind) == ("month", "Quotes", KpiKind.UNITS)
    assert mapping.channels == {"TV": ChannelColumns("TV.advert")}
    panel = build_panel(raw, mapping).panel
    assert panel is not None
    assert (panel.n_periods, panel.labels.frequency) == (40, Frequency.MONTH)
    assert panel.kpi.sum() == pytest.approx(total(rows, "Quotes"), rel=1e-12)
    assert panel.spend.sum() == pytest.approx(total(rows, "TV.advert"), rel=1e-12)


def test_a_platform_export_gives_its_true_sum_without_its_totals():
    raw, mapping, _ = opened("export_google_ads_campaign_daily.csv")
    assert (raw.first_row, len(raw.frame)) == (4, 728)
    assert [(finding.code, finding.row) for finding in raw.findings] == [
        ("preamble", 1),
        ("total", 732),
        ("total", 733),
    ]
    weekly = build_panel(raw, replace(mapping, controls={}, duplicates="sum", roll_up=True, missing_spend="unknown"))
    assert weekly.totals["Cost"] == pytest.approx(582_856.18, abs=0.005)
    assert weekly.panel is not None
    assert weekly.panel.spend.sum() == pytest.approx(582_856.18, abs=0.005)


def test_a_file_of_paths_is_refused_with_reasons():
    raw, mapping, _ = opened("channelattribution_pathdata.csv")
    result = build_panel(raw, mapping)
    assert result.panel is None
    assert [finding.code for finding in result.findings] == ["no_date_column", "no_channel_column"]
