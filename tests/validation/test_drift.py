"""Saturation or drift: what two fits of one panel can say of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mmm.data.panel import Panel
from mmm.data.simulate import OFFLINE_MEDIA, SEARCH, World, WorldSettings, simulate
from mmm.data.variants import with_multiplier
from mmm.errors import ModelError
from mmm.models.base import FitSettings
from mmm.models.linear import fit_linear
from mmm.models.structural import fit_structural
from mmm.models.varying import VaryingModel, fit_varying
from mmm.validation.drift import SaturationOrDrift, saturation_or_drift

SETTINGS = FitSettings(seed=1, n_draws=60)


@cache
def world() -> World:
    return simulate(WorldSettings(channels=(SEARCH, OFFLINE_MEDIA), noise=0.01), 7)


def wearing_out() -> Panel:
    multiplier = np.stack([np.ones(104), np.linspace(1.7, 0.3, 104)], axis=1)[None]
    return with_multiplier(world(), multiplier).panel


def slowly_raised() -> Panel:
    """The second channel's spend only ever crept upwards."""
    panel = world().panel
    spend = panel.spend.copy()
    spend[0, :, 1] = np.round(spend[0, :, 1].mean() * np.linspace(0.5, 1.5, 104), 2)
    kpi = panel.kpi + world().truth.media(spend) - world().truth.media(panel.spend)
    return replace(panel, spend=spend, kpi=kpi)


PANELS = {"constant": lambda: world().panel, "wearing out": wearing_out, "slowly raised": slowly_raised}


@cache
def drifting_fit(of: str) -> VaryingModel:
    return fit_varying(PANELS[of](), SETTINGS)


@cache
def verdict(of: str) -> SaturationOrDrift:
    panel = PANELS[of]()
    return saturation_or_drift(fit_structural(panel, SETTINGS), drifting_fit(of), panel)


class TestSaturationOrDrift:
    def test_sees_a_channel_that_wears_out(self) -> None:
        found = verdict("wearing out")
        assert found.evidence > 3
        assert found.channels[1].reading == "moved"
        assert float(found.channels[1].change.hi) < 0
        assert found.channels[1].separable

    def test_calls_no_constant_channel_moved(self) -> None:
        assert [channel.reading for channel in verdict("constant").channels].count("moved") == 0
        assert verdict("constant").evidence < 3

    def test_says_where_level_and_time_are_one(self) -> None:
        channel = verdict("slowly raised").channels[1]
        assert not channel.separable
        assert channel.slow > 0.9
        assert "cannot tell saturation from drift" in channel.sentence

    def test_names_the_change_of_spend_that_would_tell(self) -> None:
        trial = verdict("slowly raised").channels[1].trial
        assert trial is not None
        assert trial.cost > 0
        assert f"{trial.weeks} weeks at {100 * trial.multiple:.0f}" in verdict("slowly raised").channels[1].sentence

    def test_leaves_out_a_channel_that_never_spent(self) -> None:
        panel = world().panel
        spend = panel.spend.copy()
        spend[:, :, 0] = 0.0
        dark = replace(panel, spend=spend)
        quick = FitSettings(seed=1, n_draws=20)
        found = saturation_or_drift(fit_structural(dark, quick), fit_varying(dark, quick), dark)
        assert [channel.channel for channel in found.channels] == ["offline_media"]

    def test_refuses_a_fit_without_a_density(self) -> None:
        panel = world().panel
        with pytest.raises(ModelError, match="log density"):
            saturation_or_drift(fit_linear(panel, SETTINGS), drifting_fit("constant"), panel)
