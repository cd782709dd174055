"""One parameter draw of a fitted model, as a model: the laws of a world in which that draw is the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import Inputs
from mmm.errors import ModelError
from mmm.models.additive import AdditiveModel
from mmm.models.base import FittedModel, MediaTerms
from mmm.models.state import ModelState

FloatArray = NDArray[np.float64]


def one_draw(model: FittedModel, index: int) -> FittedModel:
    """Draw `index` of `model`; additive families answer about it as fast as their form allows.

    Raises:
        ModelError: the model has no such draw.
    """
    if not 0 <= index < model.n_draws:
        raise ModelError(f"The model has {model.n_draws} draws; there is no draw {index}.")
    return model.picked([index]) if isinstance(model, AdditiveModel) else OneDraw(model, index)


class OneDraw(FittedModel):
    """A black box reduced to one of its draws; never stored. A truth is asked about plans whatever its family is."""

    family: ClassVar[str] = "one draw"

    def __init__(self, whole: FittedModel, index: int) -> None:
        self.labels = whole.labels
        self.noise_sd = whole.noise_sd[index : index + 1]
        self.diagnostics = {}
        self._whole, self._draws = whole, slice(index, index + 1)

    def _expected(self, inputs: Inputs, periods: slice) -> FloatArray:
        return self._whole.expected(inputs, periods)[self._draws]

    def _media_terms(self, inputs: Inputs, periods: slice) -> MediaTerms | None:
        terms = self._whole.media_terms(inputs, periods)
        if terms is None:
            return None
        pairs = {pair: part[self._draws] for pair, part in terms.pairs.items()}
        return replace(terms, main=terms.main[self._draws], pairs=pairs)

    def state(self) -> ModelState:
        """Refused: it is a part of a model that is stored itself."""
        raise ModelError("One draw of a model is not stored; store the model.")

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Refused: see `state`."""
        raise ModelError(f"One draw of a model is never stored, so “{state.family}” cannot be read as one.")
