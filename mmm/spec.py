"""The specification of a headless analysis: which column is what, which model, which plan."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Any

from mmm.data.mapping import Mapping
from mmm.data.panel import KpiKind
from mmm.data.readouts import ReadOut, read_outs, unknown_channels
from mmm.errors import SpecError
from mmm.models.base import EFFORTS
from mmm.models.registry import FAMILIES
from mmm.planning.bounds import DEFAULT_BOUNDS

MAPPING_KEYS = frozenset(
    {"date", "market", "kpi", "value_per_kpi", "margin", "currency", "country", "channels", "controls", "population"}
    | {"kpi_kind", "frequency", "roll_up", "duplicates", "missing_spend", "negative_spend", "date_order"}
    | {"decimal_mark", "week_start", "captures_demand"}
)
PLAN_KEYS = frozenset({"horizon", "total", "bounds"})
OTHER_KEYS = frozenset({"model", "effort", "future", "plan", "curve_multipliers", "lift_tests", "options"})
DEFAULT_HORIZON = 12
DEFAULT_MULTIPLIERS = tuple(i / 10 for i in range(16))  # 0 to 1.5 x mean spend
AUTO = "auto"


@dataclass(frozen=True)
class PlanSpec:
    """What to plan.

    Attributes:
        horizon: periods planned.
        total: currency over the horizon; None for the last 12 periods' rate.
        bounds: per channel, and under "default", (lowest, highest) as multiples of the last 12 periods' rate.
    """

    horizon: int = DEFAULT_HORIZON
    total: float | None = None
    bounds: MappingType[str, tuple[float, float]] = field(default_factory=lambda: dict(DEFAULT_BOUNDS))


@dataclass(frozen=True)
class Spec:
    """A whole analysis, as read from SPEC.json.

    Attributes:
        mapping: which column is what.
        model: a family or "auto".
        effort: "quick" or "full".
        future: path of a CSV of coming periods, as written in the file; None where there is none.
        plan: what to plan.
        curve_multipliers: multiples of mean spend at which response curves are given.
        lift_tests: read-outs of experiments written in the specification.
        lift_file: path of a CSV of read-outs, as written in the file; None where there is none.
        options: choices of the model family, such as shapes and priors; the family says what it cannot use.
    """

    mapping: Mapping
    model: str = AUTO
    effort: str = "quick"
    future: str | None = None
    plan: PlanSpec = field(default_factory=PlanSpec)
    curve_multipliers: tuple[float, ...] = DEFAULT_MULTIPLIERS
    lift_tests: tuple[ReadOut, ...] = ()
    lift_file: str | None = None
    options: MappingType[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, plain: Any) -> Spec:  # noqa: ANN401 - whatever a JSON file held
        """Check and read a specification; every problem is named at once.

        Raises:
            SpecError: a key is unknown or missing, or a value is not usable.
        """
        if not isinstance(plain, dict):
            raise SpecError("The specification must be a JSON object with at least date, kpi and channels.")
        plain = {key: value for key, value in plain.items() if value is not None}  # null is "not given"
        problems = [f"“{key}” is no key of a specification" for key in plain if key not in MAPPING_KEYS | OTHER_KEYS]
        problems += [f"“{key}” is missing" for key in ("date", "kpi", "channels") if not plain.get(key)]
        model, effort = plain.get("model", AUTO), plain.get("effort", "quick")
        if model not in (AUTO, *FAMILIES):
            problems.append(f"model must be {AUTO} or one of {', '.join(FAMILIES)}, not “{model}”")
        if effort not in EFFORTS:
            problems.append(f"effort must be one of {', '.join(EFFORTS)}, not “{effort}”")
        channels = plain.get("channels") or {}
        if not isinstance(channels, dict):
            problems.append("channels must be an object that names the columns of each channel")
            channels = {}
        options = plain.get("options", {})
        if not isinstance(options, dict):
            problems.append("options must be an object of a model family's choices")
        plan, plan_problems = _plan(plain.get("plan", {}), set(channels))
        multipliers, multiplier_problems = _multipliers(plain.get("curve_multipliers", DEFAULT_MULTIPLIERS))
        tests, lift_file, test_problems = _tests(plain.get("lift_tests", []), set(channels))
        problems += plan_problems + multiplier_problems + test_problems + _scalars(plain)
        if problems:
            raise SpecError("The specification cannot be used: " + "; ".join(problems) + ".")
        return cls(_mapping(plain), model, effort, plain.get("future"), plan, multipliers, tests, lift_file, options)


def _mapping(plain: dict[str, Any]) -> Mapping:
    own = {key: plain[key] for key in MAPPING_KEYS & set(plain) if plain[key] is not None}
    controls = own.get("controls", {})
    if isinstance(controls, list):
        own["controls"] = dict.fromkeys(controls, "confounder")
    own.setdefault("roll_up", "frequency" not in own)  # days are added up to weeks where nobody says otherwise
    if "value_per_kpi" in own:
        own.setdefault("kpi_kind", KpiKind.UNITS.value)
    return Mapping.from_json(own)


def _plan(plain: Any, channels: set[str]) -> tuple[PlanSpec, list[str]]:  # noqa: ANN401 - whatever a JSON file held
    if not isinstance(plain, dict):
        return PlanSpec(), ["plan must be an object with horizon, total and bounds"]
    problems = [f"“{key}” is no key of plan" for key in plain if key not in PLAN_KEYS]
    horizon, total = plain.get("horizon", DEFAULT_HORIZON), plain.get("total")
    if not isinstance(horizon, int) or isinstance(horizon, bool) or not 1 <= horizon <= 520:
        problems.append("plan.horizon must be a whole number of periods from 1 to 520")
        horizon = DEFAULT_HORIZON
    if total is not None and not (_is_number(total) and total > 0):
        problems.append("plan.total must be an amount above zero")
    bounds = dict(DEFAULT_BOUNDS)
    given = plain.get("bounds") or {}
    if isinstance(given, list):
        given = {"default": given}
    if not isinstance(given, dict):
        problems.append("plan.bounds must be an object, or one pair [lowest, highest] for all channels")
        given = {}
    for name, pair in given.items():
        if name != "default" and name not in channels:
            problems.append(f"plan.bounds names “{name}”, which is no channel")
        elif not (isinstance(pair, list) and len(pair) == 2 and all(map(_is_number, pair)) and 0 <= pair[0] <= pair[1]):
            problems.append(f"plan.bounds.{name} must be [lowest, highest] multiples, such as [0.3, 2.0]")
        else:
            bounds[name] = (float(pair[0]), float(pair[1]))
    return PlanSpec(horizon, None if total is None else float(total), bounds), problems


def _multipliers(plain: Any) -> tuple[tuple[float, ...], list[str]]:  # noqa: ANN401 - whatever a JSON file held
    usable = isinstance(plain, list | tuple) and len(plain) > 0 and all(_is_number(m) and m >= 0 for m in plain)
    if not usable:
        return DEFAULT_MULTIPLIERS, ["curve_multipliers must be a list of numbers of at least zero"]
    return tuple(float(m) for m in plain), []


def _tests(plain: Any, channels: set[str]) -> tuple[tuple[ReadOut, ...], str | None, list[str]]:  # noqa: ANN401 - JSON
    """Lift tests as written, or the path of their file."""
    if isinstance(plain, str):
        return (), plain, []
    if not isinstance(plain, list):
        return (), None, ["lift_tests must be a list of objects, or the path of a CSV"]
    tests, problems = read_outs(plain)
    return tests, None, problems + unknown_channels(tests, channels)


def _scalars(plain: dict[str, Any]) -> list[str]:
    """Problems of the keys that hold one plain value."""
    problems = []
    for key in ("date", "market", "kpi", "currency", "country", "population", "future"):
        if not isinstance(plain.get(key, ""), str | None):
            problems.append(f"{key} must be a text")
    if plain.get("margin") is not None and not (_is_number(plain["margin"]) and 0 < plain["margin"] <= 1):
        problems.append("margin must be a number above 0 and at most 1")
    if not isinstance(plain.get("roll_up", False), bool | None):
        problems.append("roll_up must be true or false")
    if plain.get("week_start", 0) not in range(7):
        problems.append("week_start must be a weekday from 0 (Monday) to 6 (Sunday)")
    followers = plain.get("captures_demand", [])
    if not isinstance(followers, list) or not all(name in (plain.get("channels") or {}) for name in followers):
        problems.append("captures_demand must be a list of channels")
    controls = plain.get("controls") or {}
    if isinstance(controls, list) and not all(isinstance(name, str) for name in controls):
        problems.append("controls must be a list of columns, or an object of columns and their roles")
    value = plain.get("value_per_kpi")
    if value is not None and not isinstance(value, str) and not (_is_number(value) and value > 0):
        problems.append("value_per_kpi must be a column or an amount above zero")
    return problems


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
