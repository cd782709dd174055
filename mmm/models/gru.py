"""A gated recurrent unit that cannot fall with media, and its answer in NumPy.

Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder", with two changes. Gates look at the
calendar and the controls alone, and every weight on the way from media to the answer is a square: the state is then
a composition of functions that never fall with media, so more spend never lowers the answer. And gates are kept
open far enough that the state forgets: what lies further back than `LOOK_BACK` does not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Array: TypeAlias = Any  # NumPy's or JAX's: the same lines serve learning and answering

LEAST_UPDATE = 0.35  # share of the state renewed in every period, at least
MOST_MEMORY = 0.5  # weight of the state in its own candidate, at most
LOOK_BACK = 52  # periods; (1 - LEAST_UPDATE * (1 - MOST_MEMORY)) ** 52 = 5e-5
WARM_UP = 8  # periods the first one is repeated for, so that the state is already there when history starts


@dataclass(frozen=True, eq=False)
class Weights:
    """Members of an ensemble, each a network of its own.

    Attributes:
        media: square roots of the weights of media in the candidate `[member, unit, media]`.
        context, update, reset: weights of the context in the candidate and in the gates `[member, unit, context]`.
        memory: square roots of the weights of the state in the candidate `[member, unit, unit]`.
        out: square roots of the weights of the state in the answer `[member, unit]`.
    """

    media: Array
    context: Array
    update: Array
    reset: Array
    memory: Array
    out: Array

    def map(self, function: Callable[[Array], Array]) -> Weights:
        """The same with `function` applied to every array."""
        return Weights(**{field.name: function(getattr(self, field.name)) for field in fields(self)})


@dataclass(frozen=True, eq=False)
class Prepared:
    """What each period brings before the state is known: `[period, member, market, unit]`.

    `memory [member, unit, unit]` is the same in every period.
    """

    push: Array
    update: Array
    reset: Array
    memory: Array


def prepared(xp: ModuleType, weights: Weights, media: Array, context: Array) -> Prepared:
    """Everything that does not hang on the state, for `media` and `context` `[market, period, feature]`."""

    def weighed(weight: Array, features: Array) -> Array:
        member, unit, k = weight.shape
        market, period, _ = features.shape
        flat = xp.matmul(features.reshape(market * period, k), weight.reshape(member * unit, k).T)
        return xp.transpose(flat.reshape(market, period, member, unit), (1, 2, 0, 3))

    def gate(weight: Array) -> Array:
        return 1.0 / (1.0 + xp.exp(-weighed(weight, context)))

    squared = xp.square(weights.memory)
    return Prepared(
        push=weighed(xp.square(weights.media), media) + weighed(weights.context, context),
        update=LEAST_UPDATE + (1.0 - LEAST_UPDATE) * gate(weights.update),
        reset=gate(weights.reset),
        memory=MOST_MEMORY * xp.swapaxes(squared / (1.0 + squared.sum(axis=2, keepdims=True)), 1, 2),
    )


def advanced(xp: ModuleType, state: Array, push: Array, update: Array, reset: Array, memory: Array) -> Array:
    """The state `[member, market, unit]` one period later."""
    candidate = xp.tanh(push + xp.matmul(reset * state, memory))
    return state + update * (candidate - state)


def warmed(xp: ModuleType, features: Array) -> Array:
    """Features `[market, period, feature]` with the first period repeated `WARM_UP` times before it."""
    return xp.concatenate([xp.repeat(features[:, :1], WARM_UP, axis=1), features], axis=1)


def answer(weights: Weights, media: FloatArray, context: FloatArray) -> FloatArray:
    """What each member says for every period given `[member, market, period]`; the first is repeated before it."""
    given = prepared(np, weights, warmed(np, media), warmed(np, context))
    state = np.zeros(given.push.shape[1:])
    out = np.empty(given.push.shape[:3])
    effect = np.square(weights.out)[:, None, :]
    for period, (push, update, reset) in enumerate(zip(given.push, given.update, given.reset, strict=True)):
        state = advanced(np, state, push, update, reset, given.memory)
        out[period] = (state * effect).sum(axis=2)
    return np.moveaxis(out[WARM_UP:], 0, 2)
