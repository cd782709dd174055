"""Whether chains have settled, on histories whose answer is known."""

from __future__ import annotations

import numpy as np

from mmm.models.convergence import effective_draws, split_r_hat
from mmm.models.sampling import sample


def settled(n_times: int = 20, n_chains: int = 400) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n_times, n_chains, 3))


class TestRHat:
    def test_is_one_where_all_parts_agree(self) -> None:
        assert split_r_hat(settled()) < 1.005

    def test_is_large_where_all_chains_still_drift(self) -> None:
        history = settled()
        history[..., 1] += np.linspace(0.0, 2.0, 20)[:, None]
        assert split_r_hat(history) > 1.1

    def test_is_large_where_chains_stand_in_two_places(self) -> None:
        history = settled()
        history[:, :200, 2] += 3.0
        assert split_r_hat(history) > 1.5

    def test_does_not_mind_a_parameter_that_never_moves(self) -> None:
        history = settled()
        history[..., 0] = 1.0
        assert split_r_hat(history) < 1.005


class TestEffectiveDraws:
    def test_are_all_chains_where_each_has_forgotten(self) -> None:
        assert effective_draws(settled()) > 390

    def test_are_none_where_chains_stand_still(self) -> None:
        frozen = np.broadcast_to(settled()[0], (20, 400, 3))
        assert effective_draws(frozen) < 1e-6

    def test_are_those_of_the_worst_parameter(self) -> None:
        history = settled()
        history[-1, :, 1] = history[0, :, 1]
        assert effective_draws(history) < 1e-6


def test_chains_that_begin_in_the_wrong_place_are_seen_to_be_still_on_their_way() -> None:
    def density(theta: np.ndarray) -> np.ndarray:
        return -0.5 * ((theta - 4.0) ** 2).sum(axis=1)

    given = {"n_draws": 200, "rng": np.random.default_rng(1)}
    soon = sample(density, np.zeros(3), 0.05 * np.eye(3), n_steps=14, **given)
    late = sample(density, np.zeros(3), 0.05 * np.eye(3), n_steps=900, **given)
    assert soon.r_hat > 1.02
    assert late.r_hat < 1.01
