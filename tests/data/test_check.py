from dataclasses import replace

import numpy as np
import pytest

from mmm.data.checks import check_panel, variance_inflation
from mmm.data.inputs import Frequency, Labels
from mmm.data.panel import Panel


def panel(spend: np.ndarray, kpi: np.ndarray | None = None) -> Panel:
    t, c = spend.shape
    rng = np.random.default_rng(5)
    return Panel(
        labels=Labels(markets=("national",), channels=tuple(f"ch{i}" for i in range(c)), frequency=Frequency.WEEK),
        periods=np.datetime64("2022-01-03") + 7 * np.arange(t),
        kpi=(1000 + 30 * rng.standard_normal(t) if kpi is None else kpi)[None],
        spend=spend[None],
        controls=np.zeros((1, t, 0)),
        observed=np.ones((1, t), dtype=bool),
        filled=np.zeros((1, t), dtype=bool),
    )


def noise(t: int = 104, c: int = 3, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).gamma(4.0, 25.0, (t, c))


def status(panel: Panel) -> dict[str, str]:
    return {check.code: check.status for check in check_panel(panel)}


def test_a_good_panel_passes_every_check():
    checks = check_panel(panel(noise()))
    assert {check.status for check in checks} == {"pass"}
    assert all(check.remedy == "" for check in checks)


def test_a_short_panel_warns_and_a_shorter_one_fails():
    assert status(panel(noise(60)))["length"] == "warn"
    assert status(panel(noise(24)))["length"] == "fail"


def test_a_channel_without_spend_is_named():
    spend = noise()
    spend[:, 1] = 0
    checks = {check.code: check for check in check_panel(panel(spend))}
    assert checks["idle_channel"].status == "warn"
    assert "ch1" in checks["idle_channel"].finding


def test_constant_spend_fails_and_calm_spend_warns():
    spend = noise()
    spend[:, 1] = 500
    assert status(panel(spend))["constant_channel"] == "fail"
    spend[:, 1] += 10 * np.sin(np.arange(104))
    assert status(panel(spend))["constant_channel"] == "warn"


def test_channels_that_move_together_are_named_with_their_correlation():
    spend = noise()
    spend[:, 2] = spend[:, 0] * 1.5 + 0.2 * noise(seed=9)[:, 0]
    checks = {check.code: check for check in check_panel(panel(spend))}
    r = np.corrcoef(spend[:, 0], spend[:, 2])[0, 1]
    assert checks["collinear_pair"].status == "fail"
    assert f"ch0 and ch2 (r = {r:.2f})" in checks["collinear_pair"].finding
    assert checks["vif"].status == "warn"


def test_the_inflation_factor_is_the_textbook_one():
    spend = noise(c=4)
    spend[:, 3] = spend[:, :3].sum(axis=1) + 20 * noise(seed=3)[:, 0] / 100
    centred = spend - spend.mean(axis=0)
    assert variance_inflation(panel(spend)) == pytest.approx(np.diag(np.linalg.inv(np.corrcoef(centred.T))), rel=1e-9)


def test_an_exact_mix_of_others_is_infinite():
    spend = noise()
    spend[:, 2] = spend[:, 0] + spend[:, 1]
    assert np.isinf(variance_inflation(panel(spend))).all()
    assert status(panel(spend))["vif"] == "fail"


def test_many_gaps_are_counted():
    full = panel(noise())
    observed = full.observed.copy()
    observed[0, :20] = False
    assert status(replace(full, observed=observed))["unobserved"] == "warn"
    observed = observed.copy()
    observed[0, :40] = False
    assert status(replace(full, observed=observed))["unobserved"] == "fail"


def test_a_freak_period_is_named_by_its_date():
    kpi = 1000 + 30 * np.random.default_rng(5).standard_normal(104)
    kpi[50] *= 3
    check = {check.code: check for check in check_panel(panel(noise(), kpi))}["outliers"]
    assert check.status == "warn"
    assert "19 Dec 2022" in check.finding


def test_an_unobserved_market_and_a_single_channel_break_nothing():
    one = panel(noise(c=1))
    assert status(one)["collinear_pair"] == status(one)["vif"] == "pass"
    nothing = replace(one, observed=np.zeros_like(one.observed))
    assert status(nothing)["unobserved"] == "fail"
