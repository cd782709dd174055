from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.models.pairwise import PAIR_SHARES, PairwiseModel, PairwiseWorkbench, held_up, products
from tests.models.worlds import fitted, small_world


@pytest.fixture(scope="module")
def bench() -> PairwiseWorkbench:
    return PairwiseWorkbench(small_world())


class TestPairwise:
    def test_every_pair_has_a_term(self) -> None:
        model = fitted("pairwise", "plain")
        assert isinstance(model, PairwiseModel)
        assert model.parameters.pair.shape == (model.n_draws, 3)
        assert model.diagnostics["pair_share"] in PAIR_SHARES

    def test_pairs_pull_as_the_smaller_of_their_channels(self, bench: PairwiseWorkbench) -> None:
        pull = bench.pull(bench.start)
        mean = bench.saturated(bench.start, bench.observed).mean(axis=0)
        may_bring = bench.reach(bench.start) * mean
        size = np.sqrt((0.03**2) / pull.quadratic[3:]) * np.array(
            [mean[0] * mean[1], mean[0] * mean[2], mean[1] * mean[2]]
        )
        smaller = [min(may_bring[i], may_bring[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
        np.testing.assert_allclose(size, PAIR_SHARES[bench.start.pair] * np.array(smaller))

    def test_fit_is_the_minimum_it_says(self, bench: PairwiseWorkbench) -> None:
        pull = replace(bench.pull(bench.start, np.random.default_rng(1)))
        kpi = bench.kpi[bench.observed]
        found = bench.fit(bench.start, kpi, pull)
        columns, media = bench.columns[bench.observed], bench.saturated(bench.start, bench.observed)

        def cost(effect: np.ndarray, pair: np.ndarray, baseline: np.ndarray) -> float:
            error = kpi - columns @ baseline - media @ effect - products(media) @ pair
            pulled = np.concatenate([effect, pair]) - pull.centre
            return float(error @ error + pull.quadratic @ pulled**2 + 0.03**2 * baseline @ baseline)

        least = cost(found.effect, found.pair, found.baseline)
        rng = np.random.default_rng(0)
        for _ in range(100):
            effect = np.maximum(found.effect + rng.normal(0, 1e-3, 3), 0)
            pair, baseline = (side + rng.normal(0, 1e-3, len(side)) for side in (found.pair, found.baseline))
            assert cost(effect, pair, baseline) >= least - 1e-9

    def test_a_pair_never_outweighs_its_channels(self) -> None:
        effect = np.array([0.2, 0.0, 0.4])
        np.testing.assert_allclose(held_up(np.array([-5.0, -0.01, 0.3]), effect), [0.0, -0.01, 0.3])
