"""Do the controls belong there: a step between advertising and sale, or the KPI in disguise, hides what media bring."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmm.validation.stress.evidence import NOTHING, Evidence, lagged, partial_t
from mmm.validation.stress.result import StressTest, passed

FloatArray = NDArray[np.float64]

STEP_BETWEEN = 9.0  # F of media on a control beyond season and the other controls; clean worlds stay below 6.5
FEW_VALUES = 5  # a flag that people set, such as a promotion, is no step that advertising brings about
DISGUISE = 0.75  # correlation of a control and the KPI beyond everything else; causes stay below 0.7


def control_tests(evidence: Evidence) -> list[StressTest]:
    """Mediators and leaks among the controls; nothing where there are none."""
    index = evidence.design.control_index
    if not index:
        return []
    drive = evidence.drive
    media = np.concatenate([drive, lagged(drive, 1), np.sqrt(drive)], axis=2)
    fits = [_one(evidence, place, media) for place in range(len(index))]
    names = [evidence.labels.controls[i] for i in index]
    return [_mediators(evidence, names, [f for f, _ in fits]), _leaks(evidence, names, [r for _, r in fits])]


def _one(evidence: Evidence, place: int, media: FloatArray) -> tuple[float, float]:
    """F of media on one control, and partial correlation of the control and the KPI."""
    first = evidence.baseline.shape[-1] - len(evidence.design.control_index)
    control = evidence.rows(evidence.baseline[..., first + place : first + place + 1])[:, 0]
    control = control - control.mean()
    rest = evidence.rows(np.delete(evidence.baseline, first + place, axis=2))
    every = np.hstack([rest, evidence.rows(media)])
    degrees = evidence.n_rows - every.shape[1]
    if degrees < 10:
        return 0.0, 0.0
    before, after = evidence.left_over(control, rest), evidence.left_over(control, every)
    gained = float(before @ before - after @ after) / media.shape[-1]
    strength = gained / max(float(after @ after) / degrees, NOTHING * max(float(control @ control), NOTHING))
    # A flag that season and holidays explain almost to the last digit leaves rounding behind, which says nothing.
    if float(before @ before) < 1e-6 * float(control @ control):
        return 0.0, 0.0
    if len(np.unique(control)) <= FEW_VALUES:
        strength = 0.0
    student = partial_t(evidence.left_over(evidence.kpi, every), after, degrees)
    return strength, abs(student) / float(np.sqrt(degrees + student**2))


def _mediators(evidence: Evidence, names: list[str], strength: list[float]) -> StressTest:
    code, title, highest = "mediator", "Controls that advertising does not move", max(strength)
    caught = [name for name, value in zip(names, strength, strict=True) if value > STEP_BETWEEN]
    if not caught:
        finding = "No control moves with advertising beyond season."
        return passed(code, title, highest, STEP_BETWEEN, finding, whole=True)
    finding = f"{', '.join(caught)}: it rises and falls with advertising, so it may hide what advertising brings."
    remedy = "If it is a step between advertising and sale, give it the role “mediator” on the Data page; train again."
    channels = evidence.labels.channels
    return StressTest(code, title, "warn", highest, STEP_BETWEEN, finding, remedy, channels, "C", whole=True)


def _leaks(evidence: Evidence, names: list[str], strength: list[float]) -> StressTest:
    code, title, highest = "leak", "Controls that are not the KPI itself", max(strength)
    caught = [name for name, value in zip(names, strength, strict=True) if value > DISGUISE]
    if not caught:
        finding = "No control explains sales too well to be true."
        return passed(code, title, highest, DISGUISE, finding, whole=True)
    finding = f"{', '.join(caught)}: it explains sales too well to be a cause; it may be made of them."
    remedy = "Leave the column out if it counts orders, visits or anything that happens with a sale; train again."
    channels = evidence.labels.channels
    return StressTest(code, title, "fail", highest, DISGUISE, finding, remedy, channels, "D", whole=True)
