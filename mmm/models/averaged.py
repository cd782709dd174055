"""The average of several families: a mixture of its members' draws by weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Inputs
from mmm.errors import ModelError
from mmm.models.base import FittedModel, MediaTerms
from mmm.models.state import ModelState

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

AVERAGED = "averaged"  # its family name; no family of the registry, because it is made of them
STATE_VERSION = 1
DRAWS = 200  # members that are no closed form are asked draw by draw; more draws cost time and move intervals little
LEAST_WEIGHT = 0.02  # a member below it costs more than it says


class AveragedModel(FittedModel):
    """Each draw is one draw of one member; a member has as many as its weight says.

    Only families that plan are averaged, so that the average plans.
    """

    family: ClassVar[str] = AVERAGED

    def __init__(self, members: Sequence[FittedModel], picks: Sequence[IntArray], weights: Mapping[str, float]) -> None:
        """`picks` holds, for each member, which of its draws are used; `weights` are shown to people.

        Raises:
            ModelError: no member, or members of different data.
        """
        if not members:
            raise ModelError("An average needs at least one model.")
        if any(member.labels != members[0].labels for member in members):
            raise ModelError("The models to be averaged were fitted on different data.")
        self.labels = members[0].labels
        self.members = tuple(members)
        self.picks = tuple(np.asarray(pick, dtype=np.int64) for pick in picks)
        self.noise_sd = np.concatenate([m.noise_sd[pick] for m, pick in zip(members, self.picks, strict=True)])
        self.weights = dict(weights)
        self.diagnostics: dict[str, Any] = {"weights": self.weights}

    def _expected(self, inputs: Inputs, periods: slice) -> FloatArray:
        return np.concatenate(
            [m.expected(inputs, periods)[pick] for m, pick in zip(self.members, self.picks, strict=True)]
        )

    def _media_terms(self, inputs: Inputs, periods: slice) -> MediaTerms | None:
        """The members' own splits, where all of them have one."""
        parts = []
        for member, pick in zip(self.members, self.picks, strict=True):
            terms = member.media_terms(inputs, periods)
            if terms is None:
                return None
            parts.append((terms.main[pick], {key: pair[pick] for key, pair in terms.pairs.items()}))
        keys = sorted({key for _, pairs in parts for key in pairs})
        return MediaTerms(
            main=np.concatenate([main for main, _ in parts]),
            pairs={
                key: np.concatenate([pairs.get(key, np.zeros(main.shape[:-1])) for main, pairs in parts])
                for key in keys
            },
        )

    def state(self) -> ModelState:
        """Every member's own state as a blob, and which of its draws are used."""
        names = [f"member {number}" for number in range(len(self.members))]
        meta = {"members": names, "weights": self.weights}
        return ModelState(
            self.family,
            STATE_VERSION,
            meta,
            arrays=dict(zip(names, self.picks, strict=True)),
            blobs={name: member.state().to_bytes() for name, member in zip(names, self.members, strict=True)},
        )

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Rebuild the average and all its members; its answers are identical to the last digit."""
        from mmm.models.registry import load

        state.require(cls.family, STATE_VERSION)
        names = state.meta["members"]
        members = [load(ModelState.from_bytes(state.blobs[name])) for name in names]
        return cls(members, [state.arrays[name] for name in names], state.meta["weights"])


def average(models: Mapping[str, FittedModel], weights: Mapping[str, float], n_draws: int = DRAWS) -> AveragedModel:
    """The average of fitted models by `weights`, both by family; members that weigh next to nothing are left out.

    Raises:
        ModelError: no model that plans has a weight.
    """
    kept = planning_weights(models, weights)
    if not kept:
        raise ModelError("None of these models supports planning, so there is no average to plan with.")
    picks = draws_by_weight([models[name].n_draws for name in kept], list(kept.values()), n_draws)
    return AveragedModel([models[name] for name in kept], picks, kept)


def planning_weights(models: Mapping[str, FittedModel], weights: Mapping[str, float]) -> dict[str, float]:
    """Weights of the members that plan and weigh something, adding up to 1, in alphabetical order."""
    able = {name: weights[name] for name in sorted(models) if models[name].supports_planning and weights.get(name, 0)}
    total = sum(able.values())
    kept = {name: weight for name, weight in able.items() if weight >= LEAST_WEIGHT * total}
    whole = sum(kept.values())
    return {name: weight / whole for name, weight in kept.items()}


def draws_by_weight(available: Sequence[int], weights: Sequence[float], n_draws: int = DRAWS) -> list[IntArray]:
    """Which draws of each member are used: counts by largest remainder, spread evenly over the member's draws.

    A member with fewer draws than its share lends some of them twice.
    """
    share = np.asarray(weights) / np.sum(weights) * n_draws
    counts = np.floor(share).astype(np.int64)
    short = n_draws - int(counts.sum())
    counts[np.argsort(counts - share, kind="stable")[:short]] += 1
    counts = np.maximum(counts, 1)
    return [np.floor(np.arange(count) * n / count).astype(np.int64) for n, count in zip(available, counts, strict=True)]
