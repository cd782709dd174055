"""Do controls say what they should: causes rather than steps, measured to the end, known ahead."""

from __future__ import annotations

import re

import numpy as np

from mmm.data.checks.calendar import calendar_of, correlation, pooled
from mmm.data.checks.check import BoolArray, Check, FloatArray, day, is_flag, listed, passed
from mmm.data.inputs import RECENT_PERIODS, control_reference
from mmm.data.panel import Panel

FOLLOWS_SPEND = 0.8  # |r| of a control with a channel's spend beyond trend and season: two thirds of it is spend
STALE = 8  # periods without change at the end, and
STALE_TIMES = 3  # times the longest earlier stretch (a quarterly figure stands still for 13 weeks, always)
AWAY = 2.0  # standard deviations of the last periods' mean from the level a plan assumes
TRENDING = 0.9  # |r| of a control with time
SAME_TIME = 10  # days around the same day of another year: Easter moves by more, a promotion week by less
RECURRING = 0.75  # share of a flag's periods that come back at the same time of another year

_BETWEEN = frozenset(
    {
        *("session", "sessions", "visit", "visits", "visitor", "visitors", "traffic", "pageview", "pageviews"),
        *("footfall", "click", "clicks", "lead", "leads", "carts", "baskets", "checkouts", "signups", "downloads"),
        *("queries", "besuche", "besucher", "sitzungen", "klicks", "suchanfragen"),
    }
)
_BRAND, _SEARCHED = {"brand", "branded", "marke"}, {"search", "searches", "query", "queries", "volume", "interest"}
_OTHERS = {"competitor", "competitors", "competition", "rival", "wettbewerb", "category", "market"}


def mediators(panel: Panel) -> Check:
    """Modelled controls that look like a step between advertising and sale."""
    title, code = "Controls are causes, not steps", "control_mediator"
    names = panel.labels.controls
    by_name = [names[k] for k in panel.labels.modelled_controls if _is_between(names[k])]
    by_spend = [said for k, said in _following(panel).items() if names[k] not in by_name]
    if not by_name and not by_spend:
        return passed(code, title, "No control looks like a step between advertising and sale.")
    said = [f"{listed(by_name)} by name"] if by_name else []
    said += [f"{listed(by_spend)} by moving with spend"] if by_spend else []
    return Check(
        code,
        title,
        "warn",
        f"Looks like a step between advertising and sale: {'; '.join(said)}. As a control it would take the channels' "
        "credit.",
        "Give it the role of a mediator, which keeps it with the data and out of models, unless advertising cannot "
        "move it.",
    )


def stale(panel: Panel) -> Check:
    """Modelled controls that never vary, or stand still at the end as if the last figure had been copied."""
    title, code = "Controls are alive", "control_stale"
    said = []
    for k in panel.labels.modelled_controls:
        values, name = panel.controls[:, :, k], panel.labels.controls[k]
        if (values == values[:, :1]).all():
            said.append(f"{name} never changes within a market")
        elif not is_flag(panel)[k]:
            since = _still_since(values)
            said += [] if since is None else [f"{name} stands still since {day(panel.periods[since])}"]
    if not said:
        return passed(code, title, "Every control varies to the end.")
    return Check(
        code,
        title,
        "warn",
        f"{listed(said, '; ')}.",
        "Find the missing figures, or leave the control out: a copied value is taken for a measured one.",
    )


def future(panel: Panel) -> Check:
    """What a plan has to be told of controls, because nothing is known beyond the last period."""
    title, code = "Controls ahead are known", "control_future"
    names = panel.labels.controls
    modelled = list(panel.labels.modelled_controls)
    flags = is_flag(panel)
    moving = [k for k in modelled if (panel.controls[:, :, k] != panel.controls[:, :1, k]).any()]
    if not moving:
        return passed(code, title, "There is no control that a plan would need to be told of.")
    away = [k for k in moving if not flags[k] and _is_away(panel, k)]
    recurring = [k for k in moving if flags[k] and _recurs(panel, k)]
    others = [names[k] for k in moving if k not in away and k not in recurring]
    groups = (
        ([names[k] for k in away], "ended far from the usual level, to which a plan would fall back"),
        ([names[k] for k in recurring], "came back at the same time of the year"),
        (others, "moved, and ahead the usual level is assumed"),
    )
    said = "; ".join(f"{listed(group)} {what}" for group, what in groups if group)
    finding = f"Nothing is known after {day(panel.periods[-1])}: {said}."
    remedy = "Give a plan the coming values of these controls (a table of coming periods)." if away else ""
    return Check(code, title, "warn" if away else "pass", finding, remedy)


def _is_between(name: str) -> bool:
    words = set(re.findall(r"[a-zà-ÿ]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()))
    own_brand = bool(words & _BRAND) and bool(words & _SEARCHED)
    return (bool(words & _BETWEEN) or own_brand) and not words & _OTHERS


def _following(panel: Panel) -> dict[int, str]:
    """Modelled controls other than flags that move with a channel's spend beyond the calendar, and with which."""
    flags = is_flag(panel)
    tried = [k for k in panel.labels.modelled_controls if not flags[k]]
    if not tried:
        return {}
    calendar = calendar_of(panel).all
    spend = pooled(panel, panel.spend, calendar, panel.observed)
    shifted = panel.controls[:, :, tried] - panel.controls[:, :, tried].mean(axis=1, keepdims=True) + 1.0
    controls = pooled(panel, shifted, calendar, panel.observed)
    found = {}
    for place, k in enumerate(tried):
        r = correlation(spend, controls[:, place])
        best = int(np.argmax(np.abs(r)))
        if abs(r[best]) > FOLLOWS_SPEND:
            found[k] = f"{panel.labels.controls[k]} ({panel.labels.channels[best]}, r = {r[best]:.2f})"
    return found


def _still_since(values: FloatArray) -> int | None:
    """First period of the still stretch at the end `[market, period]`, where it is unlike any earlier one."""
    moved = np.flatnonzero((np.diff(values, axis=1) != 0).any(axis=0)) + 1
    n = values.shape[1]
    runs = np.diff(np.concatenate([[0], moved, [n]]))
    last, before = int(runs[-1]), int(runs[:-1].max(initial=1))
    return n - last if last >= max(STALE, STALE_TIMES * before) else None


def _is_away(panel: Panel, control: int) -> bool:
    """Whether the last periods lie far from the reference a plan would assume, or the control runs with time."""
    values = panel.controls[:, :, control]
    reference = float(control_reference(panel.controls)[control])
    deviation = float(values.std())
    recent = float(values[:, -RECENT_PERIODS:].mean())
    path = values.mean(axis=0)
    trend = correlation(np.arange(len(path), dtype=np.float64)[:, None], path)[0]
    long = len(path) >= 3 * RECENT_PERIODS  # a shorter path runs with time by chance
    return deviation > 0 and (abs(recent - reference) > AWAY * deviation or (long and abs(trend) > TRENDING))


def _recurs(panel: Panel, control: int) -> bool:
    """Whether most of a flag's periods have a companion about a year before or after."""
    on: BoolArray = (panel.controls[:, :, control] == 1).any(axis=0)
    days = panel.periods[on].astype("datetime64[D]").astype(np.int64)
    if len(days) < 2:
        return False
    apart = np.abs(days[:, None] - days[None, :])
    years = np.rint(apart / 365.2425)
    same = (years >= 1) & (np.abs(apart - 365.2425 * years) <= SAME_TIME)
    often = on.mean() > 0.5  # on most of the time: everything comes back
    return bool(same.any(axis=1).mean() >= RECURRING) and not often
