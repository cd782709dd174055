"""A whole analysis of files, without web app or database: import, fit, contributions, curves, plan."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mmm.data.attach import Attached, attach
from mmm.data.build import BuildResult, build_panel
from mmm.data.coming import ComingPeriods, controls_over, read_coming
from mmm.data.inputs import Future
from mmm.data.lift import LiftTest
from mmm.data.mapping import Mapping, answer
from mmm.data.panel import Panel
from mmm.data.read import RawTable, read_table
from mmm.data.readouts import ReadOut, read_lift_file, unknown_channels
from mmm.effects.contributions import Contributions, Decomposition
from mmm.effects.curves import all_curves
from mmm.effects.estimate import LEVEL, Estimate, Units
from mmm.effects.lift import LiftComparison
from mmm.errors import DataError, SpecError
from mmm.models.base import FittedModel
from mmm.models.registry import DEFAULT_FAMILY
from mmm.planning.optimise import optimise
from mmm.spec import AUTO, Spec
from mmm.study import Candidate, StudySettings, analyse
from mmm.validation.holdout import predictive

RESULT_FORMAT = 1
PLAN_STEP = 1.0  # the share of the way to the optimum that the plan goes; docs/benchmarks.md shows the trade


@dataclass(frozen=True, eq=False)
class Sources:
    """Everything read from files before anything expensive starts."""

    spec: Spec
    panel: Panel
    imported: BuildResult
    coming: ComingPeriods | None
    tests: Attached


def read_sources(data: Path, spec: Path) -> Sources:
    """Read the specification, the data and the coming periods.

    Raises:
        SpecError: the specification cannot be read or used.
        DataError: a file cannot be read or used; open questions are named with the key that answers them.
    """
    parsed = Spec.from_dict(_json(spec))
    imported = _imported(read_table(data.name, _bytes(data)), parsed.mapping)
    if imported.panel is None:
        raise DataError(_why_not(imported))
    coming = None
    if parsed.future is not None:
        path = _beside(Path(parsed.future), spec, data)
        coming = read_coming(read_table(path.name, _bytes(path)), parsed.mapping, imported.panel)
    tests = _tested(imported.panel, _read_outs(parsed, spec, data))
    return Sources(parsed, tests.panel, imported, coming, tests)


def _read_outs(parsed: Spec, spec: Path, data: Path) -> tuple[ReadOut, ...]:
    """The lift tests of the specification or of its file."""
    if parsed.lift_file is None:
        return parsed.lift_tests
    path = _beside(Path(parsed.lift_file), spec, data, what="lift tests")
    tests = read_lift_file(path.name, _bytes(path))
    unknown = unknown_channels(tests, parsed.mapping.channels)
    if unknown:
        raise SpecError(f"“{path.name}” cannot be used: {'; '.join(unknown)}.")
    return tests


def _tested(panel: Panel, tests: tuple[ReadOut, ...]) -> Attached:
    """The panel with its lift tests; a market that the data do not have is a mistake, a window outside them is not."""
    attached = attach(panel, tests)
    unknown = [left.reason for left in attached.left_out if left.why == "market"]
    if unknown:
        raise SpecError(f"The lift tests cannot be used: {'; '.join(dict.fromkeys(unknown))}.")
    return attached


def _imported(raw: RawTable, mapping: Mapping) -> BuildResult:
    """The panel; a specification whose `roll_up` is false keeps days."""
    result = build_panel(raw, mapping)
    for question in result.questions:
        if question.code == "roll_up":
            return build_panel(raw, answer(mapping, question, "days"))
    return result


def run(sources: Sources, seed: int = 0) -> dict[str, Any]:
    """The analysis as a JSON-able result; see docs/headless.md for every key.

    Raises:
        InfeasiblePlanError: no plan respects the total and the bounds.
        ModelError: the model asked for cannot be fitted.
    """
    spec, panel = sources.spec, sources.panel
    started = time.perf_counter()
    best = _study(panel, spec, seed)
    fitted = time.perf_counter()
    units = Units.of(panel)
    plan = _plan(best.model, sources, seed)
    planned = time.perf_counter()
    return {
        "format": RESULT_FORMAT,
        "units": {"kpi": units.kpi, "currency": units.currency, "plan": units.shown, "interval": LEVEL},
        **_prediction(best.model, sources, seed),
        "contributions": _totals(best.results.contributions),
        "contributions_shapley": _totals(best.results.decomposition),
        "curves": {
            name: curve.response.kpi.mean.tolist()
            for name, curve in all_curves(best.model, panel, spec.curve_multipliers).items()
        },
        "plan": plan,
        "grades": {graded.channel: graded.grade.value for graded in best.results.grades},
        "grade_reasons": {graded.channel: graded.why for graded in best.results.grades},
        "health_ok": best.health_card.ok,
        "model": {
            "family": best.family,
            "version": hashlib.sha256(best.model.state().to_bytes()).hexdigest()[:16],
            "health": best.health,
            "hold_out": best.metrics,
        },
        "timing": {"fit": fitted - started, "plan": planned - fitted},
        **_lift_tests(best.results.lift, sources),
        "findings": [finding.as_dict() for finding in sources.imported.findings]
        + [left.finding.as_dict() for left in sources.tests.left_out],
    }


def _study(panel: Panel, spec: Spec, seed: int) -> Candidate:
    """`auto` asks the structural family, and the others only where its own checks fail.

    What stress tests find is wrong with the data, not with the family: another family would only hide it.
    """
    families = (DEFAULT_FAMILY if spec.model == AUTO else spec.model,)
    asked = StudySettings(families=families, effort=spec.effort, seed=seed, options=spec.options, leave_tests_out=False)
    study = analyse(panel, asked)
    about_data = {test.code for test in study.best.results.stress}
    failed = {check.code for check in study.best.health_card.checks if check.status == "fail"}
    if spec.model == AUTO and failed - about_data:
        study = analyse(panel, replace(asked, families=()))
    return study.best


def _prediction(model: FittedModel, sources: Sources, seed: int) -> dict[str, Any]:
    """The expected KPI: for every row of the coming periods, or for every market and period of history."""
    panel, coming = sources.panel, sources.coming
    inputs = panel.inputs() if coming is None else panel.inputs(coming.future)
    where = slice(0, panel.n_periods) if coming is None else inputs.horizon
    forecast = predictive(model, inputs, where, seed)
    if coming is None:
        g, t = np.divmod(np.arange(forecast.mean.size), forecast.mean.shape[1])
    else:
        g, t = coming.market, coming.period
    rows = {"prediction": forecast.mean, "lo": forecast.lo, "hi": forecast.hi}
    values = {name: array[g, t].tolist() for name, array in rows.items()}
    return {
        "prediction": values["prediction"],
        "prediction_interval": {"lo": values["lo"], "hi": values["hi"]},
        "prediction_rows": [
            {"market": panel.labels.markets[market], "date": str(inputs.periods[where][period])}
            for market, period in zip(g.tolist(), t.tolist(), strict=True)
        ],
    }


def _totals(found: Contributions | Decomposition) -> dict[str, dict[str, float]]:
    total = found.total.kpi
    return {
        name: {"total": float(total.mean[i]), "lo": float(total.lo[i]), "hi": float(total.hi[i])}
        for i, name in enumerate(found.labels.channels)
    }


def _lift_tests(seen: LiftComparison | None, sources: Sources) -> dict[str, Any]:
    """Every test given: what was measured, what the model expects; and contributions as they were without tests."""
    told: dict[int, dict[str, Any]] = {
        left.place: _measured(left.test) | {"expected": None, "why_not": left.reason} for left in sources.tests.left_out
    }
    for index, place in enumerate(sources.tests.used):
        found = None if seen is None else seen.of(sources.panel.lift_tests[index])
        told[place] = _measured(sources.panel.lift_tests[index]) | {
            "expected": None if found is None else _interval(found.expected),
            "expected_without_tests": None if found is None or found.without is None else _interval(found.without),
        }
    before = None if seen is None else seen.contributions_without
    return {
        "lift_tests": [told[place] for place in sorted(told)],
        "contributions_without_lift_tests": None if before is None else _totals(before),
    }


def _measured(test: LiftTest) -> dict[str, Any]:
    window = {"start": str(test.start), "end": str(test.end)}
    return {"channel": test.channel, "market": test.market, **window, "lift": test.lift, "se": test.se}


def _interval(found: Estimate) -> dict[str, float]:
    return dict(zip(("mean", "lo", "hi"), found.floats(), strict=True))


def _plan(model: FittedModel, sources: Sources, seed: int) -> dict[str, Any]:
    wanted, panel = sources.spec.plan, sources.panel
    future = Future(wanted.horizon) if sources.coming is None else sources.coming.future
    result = optimise(
        model,
        panel,
        horizon=wanted.horizon,
        total=wanted.total,
        bounds=wanted.bounds,
        controls=controls_over(future, panel.labels, wanted.horizon),
        step=PLAN_STEP,
        seed=seed,
    )
    mean, lo, hi = result.uplift.floats()
    return {
        "horizon": wanted.horizon,
        "total": result.total,
        "allocation": dict(result.allocation),
        "today": dict(zip(panel.labels.channels, result.today.tolist(), strict=True)),
        "uplift": mean,
        "lo": lo,
        "hi": hi,
        "p_better": result.p_better,
        "notes": list(result.notes),
    }


def _why_not(imported: BuildResult) -> str:
    refused = [f.message for f in imported.findings if f.severity.value == "refuse"]
    asked = [
        f"{q.message} Answer with the key “{q.mapping_field}”: {', '.join(q.options)}." for q in imported.questions
    ]
    shown = [*refused, *asked]
    more = f" (and {len(shown) - 3} more)" if len(shown) > 3 else ""
    return " ".join(shown[:3]) + more if shown else "The data could not be turned into a panel."


def _beside(path: Path, *files: Path, what: str = "coming periods") -> Path:
    """The file as named, or beside the specification or the data."""
    for candidate in (path, *(file.parent / path for file in files)):
        if candidate.is_file():
            return candidate
    raise SpecError(f"The file of {what} “{path}” does not exist.")


def _json(path: Path) -> Any:  # noqa: ANN401 - whatever a JSON file held
    try:
        return json.loads(_bytes(path))
    except ValueError as error:
        raise SpecError(f"“{path.name}” is not JSON: {error}.") from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"“{path}” cannot be read: {error.strerror}.") from error
