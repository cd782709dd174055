"""The Shapley value of channels when a model is a black box: every subset, or sampled orders."""

from __future__ import annotations

import itertools
from dataclasses import replace
from math import factorial

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Inputs
from mmm.models.base import FittedModel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

EXACT_CHANNELS = 10  # 2^10 subsets; one channel more doubles the work
N_ORDERS = 64  # sampled orders, taken in pairs of an order and its reverse


def only(inputs: Inputs, channels: tuple[int, ...]) -> Inputs:
    """The same inputs with every other channel's spend and exposure at zero from the first period."""
    keep = np.zeros(inputs.spend.shape[-1])
    keep[list(channels)] = 1.0
    exposure = None if inputs.exposure is None else inputs.exposure * keep
    return replace(inputs, spend=inputs.spend * keep, exposure=exposure)


def exact_shares(
    model: FittedModel,
    inputs: Inputs,
    periods: slice,
    draws: IntArray,
    players: tuple[int, ...],
    seed: int = 0,  # noqa: ARG001 - the same signature as sampled_shares
) -> FloatArray:
    """Shapley value over all subsets of `players` (Shapley 1953): `[draw, market, period, channel]`.

    Each subset S is asked once: v(S) enters channel i with weight `(|S|-1)! (n-|S|)! / n!` when i is in S, and with
    `-|S|! (n-|S|-1)! / n!` when it is not.
    """
    n = len(players)
    shares: FloatArray | None = None
    for size in range(n + 1):
        inside = factorial(size - 1) * factorial(n - size) / factorial(n) if size else 0.0
        outside = -factorial(size) * factorial(n - size - 1) / factorial(n) if size < n else 0.0
        for subset in itertools.combinations(players, size):
            value = model.expected(only(inputs, subset), periods)[draws]
            if shares is None:
                shares = np.zeros((*value.shape, inputs.spend.shape[-1]))
            for channel in players:
                shares[..., channel] += (inside if channel in subset else outside) * value
    assert shares is not None  # noqa: S101 - the empty subset was asked
    return shares


def sampled_shares(
    model: FittedModel,
    inputs: Inputs,
    periods: slice,
    draws: IntArray,
    players: tuple[int, ...],
    seed: int = 0,
) -> FloatArray:
    """Shapley value estimated over `N_ORDERS` orders of entry: `[draw, market, period, channel]`.

    Every order shares out exactly `v(all) - v(none)`, so the estimate adds up however few orders are taken. Orders
    come with their reverse, which is exact for pairwise effects (Castro, Gómez & Tejada 2009; Mitchell et al. 2022).
    """
    rng = np.random.default_rng(seed)
    forward = [rng.permutation(len(players)) for _ in range(N_ORDERS // 2)]
    nothing = model.expected(only(inputs, ()), periods)[draws]
    everything = model.expected(only(inputs, players), periods)[draws]
    shares = np.zeros((*nothing.shape, inputs.spend.shape[-1]))
    for order in itertools.chain.from_iterable((o, o[::-1]) for o in forward):
        before = nothing
        for place, index in enumerate(order):
            entered = tuple(players[i] for i in order[: place + 1])
            last = place == len(players) - 1
            after = everything if last else model.expected(only(inputs, entered), periods)[draws]
            shares[..., players[index]] += (after - before) / N_ORDERS
            before = after
    return shares
