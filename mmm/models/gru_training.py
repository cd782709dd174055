"""How the recurrent network learns: all members and all steps in one compiled piece of JAX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mmm.errors import ModelError
from mmm.models.gru import WARM_UP, Array, Weights, advanced, prepared, warmed

FloatArray = NDArray[np.float64]
SingleArray = NDArray[np.float32]
Tree: TypeAlias = dict[str, Array]

UNITS = 6
STEPS_PER_LEG, LEGS = 10, 15  # after each leg the network is looked at; forecasts choose among the legs
RATE = 0.02  # of Adam
SHRINKAGE = 2e-3  # of squared weights, against a mean squared error in units of the noise
PERIODS_PADDED_TO, FEATURES_PADDED_TO = 32, 8  # so that panels of much the same size share one compilation


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a network learns from, in units of the noise.

    Attributes:
        media, context: features `[market, period, feature]`, media never negative.
        target: what is to be explained `[market, period]`, zero where not observed.
        weight: of each period in each member's own bootstrap, zero where not observed `[member, market, period]`.
    """

    media: FloatArray
    context: FloatArray
    target: FloatArray
    weight: FloatArray


@dataclass(frozen=True, eq=False)
class Legs:
    """An ensemble after each leg of its training: as `Weights`, with a leading axis of legs."""

    weights: Weights

    @property
    def count(self) -> int:
        """How many legs there are."""
        return len(self.weights.out)

    def after(self, leg: int) -> Weights:
        """The ensemble after `leg` >= 1 legs."""
        return self.weights.map(lambda array: array[leg - 1])


def require_libraries() -> None:
    """Say before anything expensive is done that the network cannot be trained here.

    Raises:
        ModelError: JAX or Optax is not installed.
    """
    _jax()
    _optax()


def train(lesson: Lesson, rng: np.random.Generator) -> Legs:
    """Adam from a start near zero, by full batches (Kingma & Ba 2015, "Adam: a method for stochastic optimization").

    Raises:
        ModelError: JAX or Optax is not installed.
    """
    media, context = lesson.media.shape[2], lesson.context.shape[2]
    padded = _padded(lesson)
    weights = _start(len(lesson.weight), padded.media.shape[2], padded.context.shape[2], rng)
    single = [np.asarray(a, dtype=np.float32) for a in (padded.media, padded.context, padded.target, padded.weight)]
    kept = _trainer()(weights, *single)
    arrays = {name: np.asarray(value, dtype=np.float64) for name, value in kept.items()}
    for name, k in (("media", media), ("context", context), ("update", context), ("reset", context)):
        arrays[name] = arrays[name][..., :k].copy()
    return Legs(Weights(**arrays))


def said_by_jax(weights: Weights, media: FloatArray, context: FloatArray) -> FloatArray:
    """The same answer as `gru.answer`, worked out by the code that learns."""
    jnp = _jax().numpy
    arrays = {name: jnp.asarray(value) for name, value in vars(weights).items()}
    return np.asarray(_forward(arrays, jnp.asarray(media), jnp.asarray(context)), dtype=np.float64)


def _start(members: int, media: int, context: int, rng: np.random.Generator) -> dict[str, SingleArray]:
    """Small weights: half of the units begin with media, all with a little of everything."""

    def small(*shape: int, scale: float) -> SingleArray:
        return (scale * rng.standard_normal((members, UNITS, *shape))).astype(np.float32)

    return {
        "media": small(media, scale=0.3),
        "context": small(context, scale=0.2),
        "update": small(context, scale=0.1),
        "reset": small(context, scale=0.1),
        "memory": small(UNITS, scale=0.3),
        "out": np.full((members, UNITS), 0.15, dtype=np.float32),
    }


def _padded(lesson: Lesson) -> Lesson:
    """Zero features and periods of no weight at the end, up to round sizes; they change no answer."""

    def up(n: int, step: int) -> int:
        return -(-n // step) * step - n

    periods = up(lesson.target.shape[1], PERIODS_PADDED_TO)

    def features(array: FloatArray) -> FloatArray:
        return np.pad(array, ((0, 0), (0, periods), (0, up(array.shape[2], FEATURES_PADDED_TO))))

    return Lesson(
        features(lesson.media),
        features(lesson.context),
        np.pad(lesson.target, ((0, 0), (0, periods))),
        np.pad(lesson.weight, ((0, 0), (0, 0), (0, periods))),
    )


def _forward(arrays: dict[str, Array], media: Array, context: Array) -> Array:
    """`[member, market, period]` by one scan over periods."""
    jax = _jax()
    jnp = jax.numpy
    weights = Weights(**arrays)
    given = prepared(jnp, weights, warmed(jnp, media), warmed(jnp, context))
    effect = jnp.square(weights.out)[:, None, :]

    def period(state: Array, brought: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        push, update, reset = brought
        state = advanced(jnp, state, push, update, reset, given.memory)
        return state, (state * effect).sum(axis=2)

    state = jnp.zeros(given.push.shape[1:], dtype=given.push.dtype)
    _, out = jax.lax.scan(period, state, (given.push, given.update, given.reset))
    return jnp.moveaxis(out[WARM_UP:], 0, 2)


@cache
def _trainer() -> Callable[..., Tree]:
    """The compiled training; JAX keeps one compilation for each size of panel."""
    jax, optax = _jax(), _optax()
    jnp = jax.numpy
    adam = optax.adam(RATE)

    def train_all(weights: Tree, media: Array, context: Array, target: Array, weight: Array) -> Tree:
        rows = jnp.maximum(weight.sum(axis=(1, 2)), 1.0)

        def loss(at: Tree) -> Array:
            left = target - _forward(at, media, context)
            misfit = (weight * jnp.square(left)).sum(axis=(1, 2)) / rows
            return misfit.sum() + SHRINKAGE * sum(jnp.square(a).sum() for a in jax.tree_util.tree_leaves(at))

        def step(carry: tuple[Tree, Array], _: None) -> tuple[tuple[Tree, Array], None]:
            at, moments = carry
            updates, moments = adam.update(jax.grad(loss)(at), moments)
            return (optax.apply_updates(at, updates), moments), None

        def leg(carry: tuple[Tree, Array], _: None) -> tuple[tuple[Tree, Array], Tree]:
            carry, _ = jax.lax.scan(step, carry, None, length=STEPS_PER_LEG)
            return carry, carry[0]

        kept: Tree = jax.lax.scan(leg, (weights, adam.init(weights)), None, length=LEGS)[1]
        return kept

    compiled: Callable[..., Tree] = jax.jit(train_all)
    return compiled


def _jax() -> ModuleType:
    try:
        import jax
    except ImportError as error:
        raise ModelError(
            "The recurrent network needs JAX, which is not installed here (there is none for Intel Macs). "
            "Leave this family out; the others do not need it."
        ) from error
    return jax


def _optax() -> ModuleType:
    try:
        import optax  # type: ignore[import-untyped]
    except ImportError as error:
        raise ModelError("The recurrent network needs Optax, which is not installed. Leave this family out.") from error
    module: ModuleType = optax
    return module
