"""Worlds that break one assumption each."""

import numpy as np
import pytest

from mmm.data.broken import BREAKS, broken_world
from mmm.data.simulate import five_channel_world


@pytest.mark.parametrize("kind", BREAKS)
def test_the_kpi_is_what_the_truth_says_plus_its_noise(kind):
    world = broken_world(kind, 1, 64)
    told = world.truth.expected(world.panel.inputs()) + world.truth.noise
    np.testing.assert_allclose(world.panel.kpi, told, rtol=1e-6)


def test_the_same_seed_gives_the_same_world():
    here, there = (broken_world("reverse causality", 2, 64).panel for _ in range(2))
    np.testing.assert_array_equal(here.kpi, there.kpi)
    np.testing.assert_array_equal(here.spend, there.spend)


def test_another_form_of_saturation_leaves_what_each_channel_brings():
    base, bent = five_channel_world(3, 64), broken_world("log saturation", 3, 64)
    plain = base.truth.__class__(**{**vars(base.truth), "synergy": {}})
    before = plain.contributions(base.panel.spend).sum(axis=(0, 1))
    np.testing.assert_allclose(bent.truth.contributions(bent.panel.spend).sum(axis=(0, 1)), before, rtol=1e-6)


def test_a_dead_channel_brings_nothing_and_a_harmful_one_less():
    dead, harmful = broken_world("dead channel", 1, 64), broken_world("negative effect", 1, 64)
    assert dead.truth.contributions(dead.panel.spend)[..., 4].sum() == 0.0
    assert harmful.truth.contributions(harmful.panel.spend)[..., 1].sum() < 0.0
