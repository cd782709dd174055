"""The one door every model family opens: `FittedModel.expected`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Inputs, Labels
from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.options import Setting
from mmm.models.state import ModelState

FloatArray = NDArray[np.float64]

Progress = Callable[[float, str], None]
"""Called with the share done (0..1) and what is being done; may raise to cancel the work."""


def silent(share: float, message: str) -> None:
    """A `Progress` that tells nobody."""


EFFORTS = ("quick", "full")


@dataclass(frozen=True)
class FitSettings:
    """How a family is fitted. `effort` trades seconds for accuracy and draws, never meaning.

    Attributes:
        options: JSON-able choices that a family offers, by name (its module says which); a family refuses a value it
            cannot use and ignores the names of other families.
    """

    seed: int = 0
    effort: str = "quick"
    n_draws: int = 500
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class MediaTerms:
    """Additive split of the media effect, where a family has one: KPI = baseline + sum main + sum pairs.

    Attributes:
        main: `[draw, market, period, channel]`, KPI units; zero where the channel never spent.
        pairs: `{(i, j): [draw, market, period]}` with i < j; zero where either channel never spent.
    """

    main: FloatArray
    pairs: dict[tuple[int, int], FloatArray]


class FittedModel(ABC):
    """An immutable fitted model. Draw *i* is the same parameter vector in every call.

    Attributes:
        labels: the names the model was fitted with; `expected` refuses inputs with other labels.
        noise_sd: standard deviation of one period's noise `[draw, market]`, KPI units.
        diagnostics: JSON-able facts about the fit (settings chosen, convergence, warnings).
    """

    family: ClassVar[str]
    supports_planning: ClassVar[bool] = True
    monotone_in_media: ClassVar[bool] = True
    learns_from_lift_tests: ClassVar[bool] = False  # others are only compared with them

    labels: Labels
    noise_sd: FloatArray
    diagnostics: dict[str, Any]

    @property
    def n_draws(self) -> int:
        """Number of parameter draws that carry the uncertainty."""
        return int(self.noise_sd.shape[0])

    def expected(self, inputs: Inputs, periods: slice | None = None) -> FloatArray:
        """KPI without noise, expected under `inputs`: float64 `[draw, market, period]`.

        Only `periods` (default: all) are computed, together with the look-back their carry-over needs.

        Raises:
            ModelError: the inputs carry other markets, channels or controls than the model.
        """
        self._check_labels(inputs)
        return self._expected(inputs, _resolve(periods, inputs.n_periods))

    def media_terms(self, inputs: Inputs, periods: slice | None = None) -> MediaTerms | None:
        """The media effect split into main and pairwise terms, or None where the family has no such split."""
        self._check_labels(inputs)
        return self._media_terms(inputs, _resolve(periods, inputs.n_periods))

    @abstractmethod
    def _expected(self, inputs: Inputs, periods: slice) -> FloatArray: ...

    def _media_terms(self, inputs: Inputs, periods: slice) -> MediaTerms | None:  # noqa: ARG002 - a hook
        return None

    @abstractmethod
    def state(self) -> ModelState:
        """Everything needed to rebuild this model exactly, as JSON, arrays and bytes."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: ModelState) -> Self:
        """The model that `state()` described.

        Raises:
            ModelError: the state is of another family or an unknown format version.
        """

    def _check_labels(self, inputs: Inputs) -> None:
        theirs, ours = inputs.labels, self.labels
        for kind in ("markets", "channels", "controls"):
            if getattr(theirs, kind) != getattr(ours, kind):
                raise ModelError(
                    f"The model was fitted on the {kind} {', '.join(getattr(ours, kind)) or '(none)'}, "
                    f"but was asked about {', '.join(getattr(theirs, kind)) or '(none)'}."
                )


class Fit(Protocol):
    """Fits one family on every observed period of a panel."""

    def __call__(self, panel: Panel, settings: FitSettings, progress: Progress = silent) -> FittedModel:
        """Same panel, settings and seed give the same model to the last digit."""


@dataclass(frozen=True)
class Family:
    """A model family as the registry lists it.

    Attributes:
        says: what it is and what it is good for, in one line for people.
        space: options worth searching for, beyond what the family tunes itself while it is fitted.
    """

    name: str
    title: str
    fit: Fit
    load: Callable[[ModelState], FittedModel]
    says: str = ""
    space: tuple[Setting, ...] = ()


def _resolve(periods: slice | None, n_periods: int) -> slice:
    start, stop, _ = (periods or slice(None)).indices(n_periods)
    return slice(start, max(start, stop))
