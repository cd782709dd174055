"""How often checks are wrong on panels without a fault, what they take, and that nothing breaks them."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.data.checks import CHECKS, check_panel
from mmm.data.inputs import ControlRole, Frequency
from mmm.data.panel import Panel
from tests.data.checking import WORLDS, clean, clean_worlds, tiny, with_control, with_exposure

ADVICE = {"length"}  # says how much there is to learn; two years of five channels are less than advised
SECONDS = 0.3  # what a person may wait for the checks of a large data set


@pytest.fixture(scope="module")
def alarms() -> Counter[str]:
    return Counter(found.code for panel in clean_worlds() for found in check_panel(panel) if found.status != "pass")


@pytest.mark.parametrize("code", sorted({check.code for check in check_panel(tiny())} - ADVICE))
def test_a_check_seldom_alarms_where_there_is_no_fault(code: str, alarms: Counter[str]) -> None:
    assert alarms[code] <= 0.05 * WORLDS


def test_exposure_that_was_delivered_raises_no_alarm() -> None:
    told = {found.code: found.status for found in check_panel(with_exposure(clean()))}
    assert {told[code] for code in told if "exposure" in code} == {"pass"}


def test_codes_are_unique_and_what_passes_with_nothing_to_do_says_so() -> None:
    found = check_panel(clean())
    assert len({check.code for check in found}) == len(CHECKS)
    assert all(check.finding.endswith(".") for check in found)
    assert all(check.remedy == "" for check in found if check.status == "pass")
    assert all(check.remedy.endswith(".") for check in found if check.status != "pass")


@pytest.mark.parametrize("frequency", Frequency)
@pytest.mark.parametrize(("n", "channels", "markets"), [(20, 1, 1), (20, 30, 1), (21, 2, 3), (400, 2, 2)])
def test_every_frequency_and_size_is_checked(frequency: Frequency, n: int, channels: int, markets: int) -> None:
    assert len(check_panel(tiny(frequency, n, channels, markets))) == len(CHECKS)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_panel_breaks_a_check(data: st.DataObject) -> None:
    frequency = data.draw(st.sampled_from(Frequency))
    g, t, c = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 40)), data.draw(st.integers(1, 3))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    observed = rng.random((g, t)) < data.draw(st.sampled_from([0.0, 0.3, 0.9, 1.0]))
    base = tiny(frequency, t, c, g)
    spend = base.spend * (rng.random(base.spend.shape) < data.draw(st.sampled_from([0.0, 0.2, 1.0])))
    exposure = np.where(rng.random(spend.shape) < 0.7, spend * rng.integers(0, 3, spend.shape), np.nan)
    panel = replace(
        base,
        observed=observed,
        spend=spend,
        kpi=np.where(observed, base.kpi * rng.choice([-1.0, 0.0, 1.0, 1e6], (g, t)), np.nan),
        exposure=data.draw(st.sampled_from([None, exposure])),
    )
    panel = with_control(panel, "price", rng.choice([0.0, 1.0, 5.0], (g, t)), ControlRole.PREDICTOR)
    with np.errstate(all="raise", under="ignore"):
        found = check_panel(panel)
    assert not any("nan" in f"{check.finding} {check.remedy}".split() for check in found)


def wide(markets: int, channels: int) -> Panel:
    return with_exposure(tiny(n=156, channels=channels, markets=markets), noise=0.05)


@pytest.mark.parametrize(("markets", "channels"), [(1, 300), (20, 10)])
def test_a_large_panel_is_checked_while_a_person_waits(markets: int, channels: int) -> None:
    panel = wide(markets, channels)

    def taken() -> float:
        start = time.process_time()
        check_panel(panel)
        return time.process_time() - start

    assert min(taken() for _ in range(3)) < SECONDS


def test_three_hundred_channels_are_not_all_named() -> None:
    assert all(len(check.finding) < 800 for check in check_panel(wide(1, 300)))
