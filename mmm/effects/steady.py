"""A model in a steady state: every channel at a constant spend for as long as carry-over needs to settle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.inputs import RECENT_PERIODS, Future, Inputs
from mmm.data.panel import Panel
from mmm.effects.estimate import in_total
from mmm.effects.spans import SETTLE_DAYS, periods_in
from mmm.models.base import FittedModel

FloatArray = NDArray[np.float64]


class SteadyState:
    """One model and panel, asked what the KPI per period is under constant spend.

    A class because the unit spend (each channel's mean) and its exposure are worked out once for hundreds of
    questions. All periods, from the first, are set to the constant, so that carry-over has settled over all of history
    (at least 26 weeks: the horizon is extended when history is shorter). The last period answers. Of a black box, whose
    media effect may vary with the calendar, the mean over the last 12 periods does.

    Attributes:
        inputs: history (and, where it is short, some periods more); only spend and exposure are replaced.
        mean_spend: currency per period at multiplier 1, `[market, channel]`.
        asked: the periods that are evaluated.
    """

    def __init__(self, model: FittedModel, panel: Panel) -> None:
        settle = periods_in(SETTLE_DAYS, panel.labels.frequency)
        short = settle + RECENT_PERIODS - panel.n_periods
        self.model = model
        self.inputs: Inputs = panel.inputs(Future(short)) if short > 0 else panel.inputs()
        last = self.inputs.n_periods
        closed_form = model.media_terms(self.inputs, slice(last - 1, last)) is not None
        self.asked = slice(last - (1 if closed_form else RECENT_PERIODS), last)
        self.mean_spend: FloatArray = panel.spend.mean(axis=1)
        self._mean_exposure: FloatArray | None = None if panel.exposure is None else panel.exposure.mean(axis=1)
        value = self.inputs.value_per_kpi
        self._value: FloatArray | None = None if value is None else value[:, self.asked]

    @property
    def n_channels(self) -> int:
        """C, the number of channels."""
        return int(self.mean_spend.shape[-1])

    @property
    def value_known(self) -> bool:
        """Whether `per_period` answers in money too."""
        return self._value is not None

    def constant(self, multipliers: FloatArray, inputs: Inputs | None = None) -> Inputs:
        """Inputs with channel c at `multipliers[c]` × its mean spend (and exposure) in every period.

        The periods are those of `inputs`, by default the steady state's own.
        """
        inputs = self.inputs if inputs is None else inputs
        n = inputs.n_periods
        exposure = self._mean_exposure
        return replace(
            inputs,
            spend=np.repeat((self.mean_spend * multipliers)[:, None, :], n, axis=1),
            exposure=None if exposure is None else np.repeat((exposure * multipliers)[:, None, :], n, axis=1),
        )

    def at(self, channel: int, multiplier: float) -> Inputs:
        """Inputs with one channel at a multiple of its mean and the others at their mean."""
        multipliers = np.ones(self.n_channels)
        multipliers[channel] = multiplier
        return self.constant(multipliers)

    def per_period(self, inputs: Inputs) -> tuple[FloatArray, FloatArray | None]:
        """KPI per period, all markets together, in KPI units and in money: each `[draw]`."""
        expected = self.model.expected(inputs, self.asked)
        kpi, money = in_total(expected, self._value)
        n = expected.shape[2]
        return kpi / n, None if money is None else money / n
