from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mmm.data.inputs import Future
from mmm.data.simulate import (
    FIVE_CHANNELS,
    World,
    WorldSettings,
    five_channel_world,
    four_channel_world,
    market_world,
    simulate,
)

worlds = pytest.mark.parametrize("draw", [five_channel_world, four_channel_world, lambda seed: market_world(seed, 4)])
SEEDS = range(5)


@worlds
class TestWorlds:
    def test_are_the_same_for_the_same_seed(self, draw: Callable[[int], World]) -> None:
        once, twice, other = draw(7), draw(7), draw(8)
        for name in ("kpi", "spend", "controls", "periods"):
            np.testing.assert_array_equal(getattr(once.panel, name), getattr(twice.panel, name))
        for name in ("decay", "half_saturation", "slope", "effect", "baseline", "noise", "initial"):
            np.testing.assert_array_equal(getattr(once.truth, name), getattr(twice.truth, name))
        assert not np.array_equal(once.panel.kpi, other.panel.kpi)

    def test_show_the_truth_and_noise_and_nothing_else(self, draw: Callable[[int], World]) -> None:
        world = draw(1)
        shown = world.truth.expected(world.panel.inputs()) + world.truth.noise
        np.testing.assert_allclose(world.panel.kpi, shown, atol=0.006)  # to the cent

    def test_have_the_media_share_and_noise_they_were_asked_for(self, draw: Callable[[int], World]) -> None:
        for seed in SEEDS:
            world = draw(seed)
            spend, truth = world.panel.spend, world.truth
            media = (truth.media(spend) - truth.media(spend * 0)).sum() / world.panel.kpi.sum()
            assert 0.12 < media < 0.36  # asked: 0.15 to 0.30, before synergy and the chance of one draw
            noise = truth.noise.std(axis=1) / (0.04 * 1e6 * truth.size)
            assert ((noise > 0.75) & (noise < 1.25)).all()

    def test_cost_something_in_every_channel(self, draw: Callable[[int], World]) -> None:
        for seed in SEEDS:
            panel = draw(seed).panel
            assert (panel.spend >= 0).all()
            assert (panel.spend.sum(axis=(0, 1)) > 0).all()
            assert panel.observed.all()


class TestTruth:
    @pytest.fixture
    def world(self) -> World:
        return five_channel_world(3)

    def test_carries_over_from_before_the_first_period(self, world: World) -> None:
        truth, spend = world.truth, world.panel.spend
        assert (truth.initial > 0).all()
        dark = truth.media(spend * 0)
        assert dark[0, 0] > 0
        assert (np.diff(dark[0]) <= 0).all()  # and then it only fades
        np.testing.assert_allclose(dark[0, -1], 0.0, atol=1.0)

    def test_opening_carry_over_is_what_earlier_spend_left(self) -> None:
        settings = WorldSettings(n_periods=104)
        world = simulate(settings, 5)
        truth, spend = world.truth, world.panel.spend
        level = truth.initial.copy()
        for week in range(52):
            level = truth.decay * level + (1 - truth.decay) * spend[:, week]
        later = replace(truth, initial=level)
        np.testing.assert_allclose(later.media(spend[:, 52:]), truth.media(spend)[:, 52:])

    def test_media_are_channels_alone_and_one_synergy(self, world: World) -> None:
        truth, spend = replace(world.truth, initial=world.truth.initial * 0), world.panel.spend

        def alone(*channels: int) -> np.ndarray:
            keep = np.zeros(5)
            keep[list(channels)] = 1.0
            return truth.media(spend * keep)

        pair = alone(0, 1) - alone(0) - alone(1)
        assert (pair > 0).all()
        np.testing.assert_allclose(truth.media(spend), sum(alone(c) for c in range(5)) + pair)
        np.testing.assert_allclose(alone(2, 4), alone(2) + alone(4))

    def test_contributions_are_everything_less_one_channel_dark(self, world: World) -> None:
        truth, spend = world.truth, world.panel.spend
        found = truth.contributions(spend)
        without = spend.copy()
        without[:, :, 2] = 0.0
        np.testing.assert_allclose(found[..., 2], truth.media(spend) - truth.media(without))
        np.testing.assert_allclose(truth.roi(spend), found.sum(axis=(0, 1)) / spend.sum(axis=(0, 1)))

    def test_more_spend_never_brings_less_and_each_further_euro_ever_less(self, world: World) -> None:
        truth, spend = world.truth, world.panel.spend
        total = np.array([truth.media(spend * factor).sum() for factor in (0, 1, 2, 4, 8, 16, 32)])
        assert (np.diff(total) > 0).all()
        assert np.diff(total)[-1] / 16 < np.diff(total)[1]

    def test_half_saturation_is_where_half_is_reached(self, world: World) -> None:
        truth = replace(world.truth, synergy={})
        for channel in range(5):
            steady = np.zeros((1, 400, 5))
            steady[:, :, channel] = truth.half_saturation[channel]
            np.testing.assert_allclose(truth.media(steady)[0, -1], truth.effect[channel] / 2, rtol=1e-6)

    def test_answers_plans_over_a_horizon(self, world: World) -> None:
        ahead = world.panel.inputs(Future(12))
        media = world.truth.media(ahead.spend)
        assert media.shape == (1, 116)
        np.testing.assert_allclose(media[:, :104], world.truth.media(world.panel.spend))

    def test_markets_of_twice_the_size_answer_twice_the_spend_twice(self) -> None:
        truth = market_world(2, 3).truth
        per_person = np.random.default_rng(0).uniform(0, 1000, (1, 30, 5))
        even = replace(truth, initial=truth.size[:, None] * 100.0)
        media = even.media(per_person * truth.size[:, None, None])
        np.testing.assert_allclose(media / truth.size[:, None], np.repeat(media[:1] / truth.size[0], 3, axis=0))


class TestSettings:
    def test_longer_worlds_and_other_channels(self) -> None:
        world = simulate(WorldSettings(channels=FIVE_CHANNELS[:1], n_periods=260), 0)
        assert world.panel.spend.shape == (1, 260, 1)
        assert world.truth.synergy == {}

    def test_spend_is_no_white_noise(self) -> None:
        correlations = []
        for seed in SEEDS:
            spend = five_channel_world(seed).panel.spend[0]
            correlations += [np.corrcoef(spend[1:, c], spend[:-1, c])[0, 1] for c in (0, 1, 2, 4)]
        assert np.median(correlations) > 0.4
