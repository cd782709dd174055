"""The refresh bridge: from one model's returns to the next one's, each difference ascribed to what caused it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel
from mmm.effects.roi import roi
from mmm.models.base import FitSettings, FittedModel, Progress, silent
from mmm.models.registry import family

FloatArray = NDArray[np.float64]

RESTATED, NEW_WEEKS, SETTINGS, MODEL = "restated data", "new weeks", "settings", "kind of model"
CAUSES = (RESTATED, NEW_WEEKS, SETTINGS, MODEL)
SAME = 1e-9  # relative difference of two figures that counts as none


@dataclass(frozen=True, eq=False)
class Fitting:
    """Everything a fitted model depends on.

    Attributes:
        panel: what it is fitted on, with its lift tests.
        family: name of its family.
        settings: seed, effort and options of the fit.
        model: the fit itself, where it has been made already.
    """

    panel: Panel
    family: str
    settings: FitSettings
    model: FittedModel | None = None


@dataclass(frozen=True, eq=False)
class Bridge:
    """Return of each channel before, what each cause added to it, and after.

    Attributes:
        channels: those that both models have.
        before, after: return on a channel's spend over all history `[channel]`; KPI per unit of spend where no value
            is known.
        added: `[cause, channel]` in the order of `CAUSES`; `before + added.sum(axis=0) = after`.
        changed: for each cause whether there was any difference.
    """

    channels: tuple[str, ...]
    before: FloatArray
    after: FloatArray
    added: FloatArray
    changed: tuple[bool, ...]

    def main_cause(self, channel: int) -> str:
        """What moved a channel's return most."""
        return CAUSES[int(np.argmax(np.abs(self.added[:, channel])))]


def refresh_bridge(old: Fitting, new: Fitting, progress: Progress = silent) -> Bridge:
    """Refit step by step from `old` to `new`: weeks as restated, weeks added, settings, kind of model.

    A step that changes nothing costs no fit. The order is fixed, since what a step adds depends on those before it.

    Raises:
        ModelError: a family cannot be fitted on a panel.
    """
    steps = list(_steps(old, new))
    shared = tuple(name for name in old.panel.labels.channels if name in new.panel.labels.channels)
    reached, changed, at = [_returns(old, shared)], [], old
    for number, step in enumerate(steps):
        progress(number / len(steps), f"what {CAUSES[number]} changed")
        differs = not _same(at, step)
        fitting = new if _same(step, new) else step  # whose fit may have been made already
        reached.append(_returns(fitting, shared) if differs else reached[-1])
        changed.append(differs)
        at = step
    levels = np.stack(reached)
    progress(1.0, "bridge built")
    return Bridge(shared, levels[0], levels[-1], np.diff(levels, axis=0), tuple(changed))


def _steps(old: Fitting, new: Fitting) -> Iterator[Fitting]:
    """The fitting after each cause, in the order of `CAUSES`."""
    last = old.panel.periods[-1]
    known = int(np.searchsorted(new.panel.periods, last, side="right"))
    restated = new.panel.take(slice(0, known)) if known else old.panel
    yield replace(old, panel=restated, model=None)
    yield replace(old, panel=new.panel, model=None)
    yield replace(new, family=old.family, model=None)
    yield new


def _same(one: Fitting, other: Fitting) -> bool:
    return (
        one.family == other.family
        and one.settings.seed == other.settings.seed
        and one.settings.effort == other.settings.effort
        and dict(one.settings.options) == dict(other.settings.options)
        and (one.panel is other.panel or _same_data(one.panel, other.panel))
    )


def _same_data(one: Panel, other: Panel) -> bool:
    """Whether two panels hold the same weeks, figures, names, roles and lift tests."""
    plain = ("labels", "country", "countries", "captures_demand", "lift_tests", "kpi_kind")
    if any(getattr(one, name) != getattr(other, name) for name in plain):
        return False
    arrays = ("periods", "observed", "kpi", "spend", "controls", "exposure", "value_per_kpi")
    return all(_close(getattr(one, name), getattr(other, name)) for name in arrays)


def _close(a: NDArray[np.generic] | None, b: NDArray[np.generic] | None) -> bool:
    if a is None or b is None or a.shape != b.shape:
        return a is b
    if a.dtype.kind != "f":
        return bool((a == b).all())
    return bool(np.isclose(a, b, rtol=SAME, atol=0.0, equal_nan=True).all())


def _returns(fitting: Fitting, channels: tuple[str, ...]) -> FloatArray:
    """Mean return of each channel over all history `[channel]`; NaN where it never spent."""
    panel = fitting.panel
    model = fitting.model or family(fitting.family).fit(panel, fitting.settings)
    found = roi(model, panel)
    brought, spent = found.contribution.shown.mean, found.spend
    each = np.divide(brought, spent, out=np.full_like(brought, np.nan), where=spent > 0)
    return np.array([each[panel.labels.channel(name)] for name in channels])
