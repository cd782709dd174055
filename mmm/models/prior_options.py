"""Priors as a person says them: ranges that hold 90 % of what is believed, in days, multiples of spend and returns.

`FitSettings.options["priors"]` is `{"all": {...}, "channels": {channel: {...}}}`; both hold `{quantity: [low, high]}`.
`FitSettings.options["roi"]` is `{channel: [low, high]}`, short for a channel's `roi`. Quantities:

- half_life_days: how long carry-over takes to halve (of shapes whose decay says so); decay: share kept in a week
- peak_days: when a delayed effect peaks; tail: Weibull's shape
- half_saturation: multiples of the channel's mean drive; slope: of the saturation
- roi, share: what a channel returns, or which share of the KPI it brings (of channels only)
- media_share: share of the KPI that all media bring (of all only)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.base import FitSettings
from mmm.models.form import Form, sentence
from mmm.models.priors import CONTRIBUTION, MOST_KEPT, Pair, Priors, shape_blocks
from mmm.models.scaling import Scaling

FloatArray = NDArray[np.float64]

WITHIN = 1.6449  # standard deviations on either side of the middle that hold 90 %
HIGHEST = {  # that a range may reach; half-lives end where `MOST_KEPT` does
    "decay": MOST_KEPT - 0.001,
    "half_life_days": 150.0,
    "share": 0.9,
    "media_share": 0.9,
}


@dataclass(frozen=True)
class Worth:
    """What turns words about channels into the units of a fit.

    Attributes:
        mean_drive: each channel's mean drive in multiples of its usual level.
        share_of_return: share of the KPI that a return of 1 means; NaN where nothing was spent or no value is known.
    """

    mean_drive: Mapping[str, float]
    share_of_return: Mapping[str, float]

    @classmethod
    def of(cls, panel: Panel) -> Worth:
        """As the panel has it."""
        names, scaling, inputs = panel.labels.channels, Scaling.of(panel), panel.inputs()
        mean = (inputs.drive / scaling.drive[:, None, :]).mean(axis=(0, 1))
        spend = panel.spend.sum(axis=(0, 1))
        worth = np.nan
        if inputs.value_per_kpi is not None:
            revenue = panel.kpi * inputs.value_per_kpi[:, : panel.n_periods]
            worth = float(revenue[panel.observed].mean()) * panel.kpi.size
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(spend > 0, spend / worth, np.nan)
        return cls(
            dict(zip(names, np.where(mean > 0, mean, 1.0).tolist(), strict=True)),
            dict(zip(names, share.tolist(), strict=True)),
        )


def asked_priors(panel: Panel, settings: FitSettings, form: Form) -> Priors:
    """The form's default priors with what the options say instead.

    Raises:
        ModelError: what is said cannot be meant; everything that is wrong is named.
    """
    base = Priors.of(form)
    told, problems = _told(settings.options, panel.labels.channels)
    if not (told or problems):
        return base
    worth, kinds = Worth.of(panel), _kinds(form)
    everywhere: dict[str, Pair] = {}
    own: dict[str, dict[str, Pair]] = {}
    for channel, quantities in told.items():
        for quantity, given in quantities.items():
            whose = f"the prior {quantity}" + (f" of “{channel}”" if channel else "")
            problem = _problem(quantity, given, channel, kinds, worth)
            if problem:
                problems.append(f"{whose} {problem}")
                continue
            block, scale, unit = kinds[quantity]
            low, high = (scale(float(end) * unit(worth, channel)) for end in given)
            pair = ((low + high) / 2, abs(high - low) / (2 * WITHIN))
            target = everywhere if channel == "" else own.setdefault(channel, {})
            if block in target:
                problems.append(f"{whose} says again, in another way, what is believed already")
            target[block] = pair
    if problems:
        raise ModelError(sentence(problems))
    return Priors(**(vars(base) | everywhere | {"channels": own}))


def _told(options: Mapping[str, Any], channels: tuple[str, ...]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What is said by channel ("" for all), and what cannot be read."""
    asked, returns = options.get("priors", {}), options.get("roi", {})
    problems = []
    for name, value in (("priors", asked), ("roi", returns)):
        if not isinstance(value, Mapping):
            problems.append(f"the option {name} must hold ranges by name, not {value!r}")
    if problems:
        return {}, problems
    strangers = [str(key) for key in asked if key not in ("all", "channels")]
    if strangers:
        problems.append(f"the option priors may hold “all” and “channels”, not {', '.join(strangers)}")
    found: dict[str, dict[str, Any]] = {}
    parts = {"": asked.get("all", {}), **_mapping(asked.get("channels", {}))}
    for channel, quantities in parts.items():
        if channel and channel not in channels:
            problems.append(f"a prior names “{channel}”, which is no channel; there are {', '.join(channels)}")
        elif not isinstance(quantities, Mapping):
            problems.append(f"the priors of {channel or 'all'} must be ranges by name, not {quantities!r}")
        elif quantities:
            found[channel] = dict(quantities)
    for channel, given in returns.items():
        if channel not in channels:
            problems.append(
                f"an expected return names “{channel}”, which is no channel; there are {', '.join(channels)}"
            )
        else:
            found.setdefault(channel, {})["roi"] = given
    return found, problems


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {"channels": value}


Kind = tuple[str, Callable[[float], float], Callable[[Worth, str], float]]
"""The prior it sets, the scale on which that is a bell curve, and the unit of what is said on the prior's own."""


def _kinds(form: Form) -> dict[str, Kind]:
    """Quantities that may be spoken of under a form."""

    def one(_worth: Worth, _channel: str) -> float:
        return 1.0

    def log(value: float) -> float:
        return float(np.log(value))

    kinds: dict[str, Kind] = {"decay": ("decay", _logit, one)}
    if not form.carry_over.squared:
        kinds["half_life_days"] = ("decay", lambda days: _logit(0.5 ** (7.0 / days)), one)
    if form.carry_over.delay is not None:
        if form.carry_over.delay_is_time:
            kinds["peak_days"] = ("delay", log, lambda _worth, _channel: 1.0 / 7.0)
        else:
            kinds["tail"] = ("delay", log, one)
    blocks = shape_blocks(form)
    if "half_saturation" in blocks:
        kinds["half_saturation"] = ("half_saturation", log, lambda worth, name: worth.mean_drive.get(name, 1.0))
    if "slope" in blocks:
        kinds["slope"] = ("slope", log, one)
    kinds["media_share"] = ("media_share", log, one)
    kinds["share"] = (CONTRIBUTION, log, one)
    kinds["roi"] = (CONTRIBUTION, log, lambda worth, name: worth.share_of_return[name])
    return kinds


def _logit(decay: float) -> float:
    return float(np.log(decay) - np.log(MOST_KEPT - decay))


def _problem(quantity: str, given: object, channel: str, kinds: Mapping[str, Kind], worth: Worth) -> str:
    """What is wrong with one range; "" where nothing is."""
    if quantity not in kinds:
        return f"is not known to this model; there are {', '.join(kinds)}"
    if quantity in ("roi", "share") and not channel:
        return "can only be said of a single channel"
    if quantity == "media_share" and channel:
        return "can only be said of all channels together; say share"
    if quantity == "roi" and not np.isfinite(worth.share_of_return[channel]):
        return "cannot be used: nothing was spent on the channel, or the KPI has no value in money"
    return _no_range(given, HIGHEST.get(quantity, 1e3))


def _no_range(given: object, highest: float) -> str:
    if not (isinstance(given, list | tuple) and len(given) == 2 and all(_number(end) for end in given)):
        return f"must be two numbers, the lowest and the highest that is likely, not {given!r}"
    low, high = float(given[0]), float(given[1])
    if not 0 < low < high:
        return f"must go from a number above 0 to a larger one, not from {low:g} to {high:g}"
    return f"may be at most {highest:g}, not {high:g}" if high > highest else ""


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))
