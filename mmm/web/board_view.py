"""The leaderboard as a person reads it: one row a model, and behind tabs what the figures come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.compare import disagreement, errors
from mmm.charts.numbers import MINUS, amount, count, percent, ratio, short_date
from mmm.data.findings import counted
from mmm.validation.agreement import disagreement as bands_of
from mmm.web.cards import STATUS
from mmm.web.components import draw, escape
from mmm.web.holder import services
from mmm.web.models_view import compare
from mmm.web.publishing import family_title

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.services.training import Entry
    from mmm.study import Results

EXPLAINED = {
    "Error": "Mean absolute error of its forecasts of periods it had not seen, as a share of sales (MAPE).",
    "Last stretch": "The same over the periods kept back, the newest ones, where all models and the yardstick meet.",
    "Beside last year": "Its error over that of repeating the same period of last year (MASE); below 1 is better.",
    "Inside 90 %": "Share of actuals inside its 90 % interval; near 90 % is right.",
    "Known effects": "Its error on simulated copies of these data, whose effects are known; share of all media.",
    "Lift tests": "How far it lies from the lift tests, in their standard errors. Below 2 agrees with them.",
    "Plans": "Whether it may be used for planning.",
    "Weight": "How much it counts in the average.",
    "Fit": "Processor seconds of one fit on all data.",
}


def ordered(entries: Sequence[Entry]) -> list[Entry]:
    """The recommended model first, then by forecast error."""
    return sorted(entries, key=lambda entry: (not entry.recommended, pooled(entry).get("crps") or float("inf")))


def pooled(entry: Entry) -> Mapping[str, Any]:
    """Scores over all folds; of the hold-out where there were no folds."""
    metrics = entry.model.metrics
    return metrics.get("pooled") or {**metrics.get("model", {}), "coverage": metrics.get("coverage")}


def known_effects(actor: Actor, entries: Sequence[Entry]) -> dict[str, float]:
    """Error on simulated twins of the data by family; empty where no twin test was made."""
    report = services().twins.report(actor, entries[0].model.id) if actor.may(Permission.TRAIN) else None
    return {} if report is None else {one.family: one.error for one in report.families if one.twins}


def leaderboard(entries: Sequence[Entry], known: Mapping[str, float]) -> None:
    """Every model of a training beside the plain regression it must beat, on periods that none had seen.

    Args:
        entries: the models.
        known: error on simulated twins by family.
    """
    order = ordered(entries)
    weights: Mapping[str, float] = next(
        (e.model.metrics["weights"] for e in entries if "weights" in e.model.metrics), {}
    )
    rows = [_row(entry, weights, known) for entry in order]
    rows.append(_plain_row(entries[0], rows[0]))
    shown = [name for name in rows[0] if any(row[name] for row in rows)]
    st.dataframe(
        [{name: row[name] for name in shown} for row in rows],
        hide_index=True,
        height="content",
        key="leaderboard",
        alt="Forecast errors, lift tests, known effects and health of every model",
        column_config={name: st.column_config.TextColumn(help=text) for name, text in EXPLAINED.items()},
    )
    st.caption(_basis(entries[0]))


def _row(entry: Entry, weights: Mapping[str, float], known: Mapping[str, float]) -> dict[str, str]:
    metrics, scores = entry.model.metrics, pooled(entry)
    lift, weight = metrics.get("lift"), weights.get(entry.model.family)
    return {
        "Model": f"{entry.model.number} · {family_title(entry.model.family)}",
        "Error": _share(scores),
        "Last stretch": _share(metrics.get("model", {})) if metrics.get("folds") else "",
        "Beside last year": _number(scores.get("mase")),
        "Inside 90 %": percent(scores.get("coverage")),
        "Known effects": _number(known.get(entry.model.family, metrics.get("twins")), percent),
        "Lift tests": "" if not lift else f"{lift['distance']:.1f} s.e.",
        "Health": STATUS[entry.model.status.value][0],
        "Plans": {True: "yes", False: "no"}.get(metrics.get("plans", ""), ""),
        "Weight": percent(weight or 0.0) if weights and "weights" not in metrics else "",
        "Fit": _number(metrics.get("seconds"), lambda s: "under 0.1 s" if s < 0.1 else f"{s:.1f} s"),
        "Note": ", ".join(notes(entry)),
    }


def _plain_row(entry: Entry, like: Mapping[str, str]) -> dict[str, str]:
    plain = entry.model.metrics.get("yardstick", {})
    where = "Last stretch" if entry.model.metrics.get("folds") else "Error"
    known = {"Model": "Plain regression", where: _share(plain), "Note": "the yardstick"}
    return {name: known.get(name, "") for name in like}


def _share(scores: Mapping[str, Any]) -> str:
    """The error as a share of sales; in KPI units where sales are zero at times."""
    return percent(scores["mape"]) if scores.get("mape") is not None else count(scores.get("rmse"))


def _number(value: float | None, say: Callable[[float], str] | None = None) -> str:
    if value is None:
        return ""
    return say(value) if say is not None else f"{value:.2f}".replace("-", MINUS)


def notes(entry: Entry) -> list[str]:
    """What is special about a model, in a word or two each."""
    tried = entry.model.metrics.get("refreshes")
    said = {
        "recommended": entry.recommended,
        "published": entry.model.is_champion,
        "better on two refreshes": bool(tried and tried["worth"]),
        "newer data exist": entry.stale,
    }
    return [word for word, is_so in said.items() if is_so]


def _basis(entry: Entry) -> str:
    folds = entry.model.metrics.get("folds")
    if not folds:
        return f"Over the last {entry.model.metrics.get('periods')} periods, which no model had seen."
    forecast = sum(int(fold["points"]) for fold in folds)
    return (
        f"Over {len(folds)} stretches of time, {counted(forecast, 'point')} in all, forecast by models that had seen "
        "only what came before them. Point at a heading for what it means."
    )


def why_recommended(entries: Sequence[Entry]) -> str:
    """The reason behind the recommendation, as the study gave it."""
    best = next((entry for entry in entries if entry.recommended), None)
    if best is None:
        return ""
    told = best.model.metrics.get("recommendation") or {"reason": "{best} is recommended.", "other": None}
    other = family_title(told["other"]) if told.get("other") else ""
    return str(told["reason"]).replace("{best}", family_title(best.model.family)).replace("{other}", other)


def left_out(entries: Sequence[Entry]) -> list[str]:
    """Families that could not be fitted, each with why."""
    told: Mapping[str, str] = next(
        (e.model.metrics["left_out"] for e in entries if e.model.metrics.get("left_out")), {}
    )
    return [f"{family_title(name)} could not be fitted: {why}" for name, why in told.items()]


def details(actor: Actor, entries: Sequence[Entry]) -> None:
    """What the figures come from: channels, forecasts, lift tests, all figures, two models side by side."""
    order = ordered(entries)
    compared = [entry for entry in order if entry.model.metrics.get("folds")]
    parts: dict[str, Callable[[], None]] = {"Channels": lambda: _channels(actor, order)}
    if compared:
        parts["Forecasts"] = lambda: _forecasts(compared)
    if any(entry.model.metrics.get("lift") for entry in order):
        parts["Lift tests"] = lambda: _lift_tests(actor, order)
    parts["All figures"] = lambda: _all_figures(order)
    if len(order) > 1:
        parts["Compare two"] = lambda: compare(actor, order[0], order)
    tabs = st.tabs(list(parts), on_change="rerun", key="train_tabs")
    for tab, show in zip(tabs, parts.values(), strict=True):
        with tab:
            if tab.open:
                show()


def _results(actor: Actor, entries: Sequence[Entry]) -> dict[str, Results]:
    return {e.model.family: services().insight.results(actor, e.model.id) for e in entries}


def _channels(actor: Actor, entries: Sequence[Entry]) -> None:
    """How far the models that passed their checks lie apart on every channel."""
    healthy = [entry for entry in entries if entry.model.status.value != "fail"] or list(entries)
    found = _results(actor, healthy)
    bands = bands_of({n: r.contributions for n, r in found.items()}, {n: r.roi for n, r in found.items()})
    picture = disagreement({family_title(n): r.contributions for n, r in found.items()}, bands)
    if len(found) > 1:
        st.markdown(escape(picture.alt))
    draw(picture, key="train_apart")
    units = next(iter(found.values())).contributions.units
    rows = []
    for band in bands:
        span = band.contribution
        row = {
            "Channel": band.channel,
            "Brought, lowest": f"{amount(span.lowest, units)} ({family_title(span.lowest_family)})",
            "Brought, highest": f"{amount(span.highest, units)} ({family_title(span.highest_family)})",
        }
        if band.roi is not None:
            row["Return, lowest to highest"] = f"{ratio(band.roi.lowest)} to {ratio(band.roi.highest)}"
        rows.append(row)
    st.dataframe(rows, hide_index=True, height="content", key="train_bands", alt="Lowest and highest of all models")
    st.caption("Brought: over all history, with 90 % intervals in the chart. Models that failed a check are left out.")


def _forecasts(entries: Sequence[Entry]) -> None:
    """Errors of every fold, and what more data bring."""
    name = "mape" if all(f["mape"] is not None for e in entries for f in e.model.metrics["folds"]) else "rmse"
    share = name == "mape"
    title = "error, % of sales" if share else "error (RMSE), KPI units"
    titles = {entry.model.id: family_title(entry.model.family) for entry in entries}
    metrics = {entry.model.id: entry.model.metrics for entry in entries}
    first = entries[0].model.metrics
    st.markdown("**Error of each stretch of time**")
    spans = [f"{_day(fold['start'])} to {_day(fold['end'])}" for fold in first["folds"]]
    by_fold = {titles[key]: [fold[name] for fold in m["folds"]] for key, m in metrics.items()}
    alt = _steadiest(by_fold)
    picture = errors(by_fold, spans, share=share, title=title, alt=alt, key="folds")
    draw(picture, key="train_folds")
    st.caption(escape(picture.alt))
    st.markdown("**Error on the last stretch, by how much data the model had learnt from**")
    sizes = [f"{percent(p['share'])} ({counted(p['trained_on'], 'period')})" for p in first["curve"]]
    by_size = {titles[key]: [point[name] for point in m["curve"]] for key, m in metrics.items()}
    picture = errors(by_size, sizes, share=share, title=title, alt=_more_data(by_size), key="curve")
    draw(picture, key="train_curve")
    st.caption(escape(picture.alt))


def _steadiest(found: Mapping[str, Sequence[float | None]]) -> str:
    """Which model's worst stretch was the least bad."""
    worst = {name: max(value or 0.0 for value in values) for name, values in found.items()}
    return f"{min(worst, key=worst.__getitem__)} had the smallest error on its worst stretch."


def _more_data(found: Mapping[str, Sequence[float | None]]) -> str:
    """Whether more data helped the first of the models."""
    name, values = next(iter(found.items()))
    if values[0] is None or values[-1] is None or values[0] <= 0:
        return "Error by amount of data."
    change = values[-1] / values[0] - 1
    word = "fell" if change < 0 else "rose"
    return f"From the least to the most data, the error of {name} {word} by {percent(abs(change))}."


def _day(text: str) -> str:
    import numpy as np

    return short_date(np.datetime64(text, "D"))


def _lift_tests(actor: Actor, entries: Sequence[Entry]) -> None:
    """What every model expects of each lift test beside what was measured."""
    rows = []
    for entry in entries:
        for test in services().insight.results(actor, entry.model.id).agreement:
            rows.append(
                {
                    "Test": f"{test.channel}, {_day(test.start)} to {_day(test.end)}",
                    "Measured": f"{count(test.lift)} ± {count(test.se)}",
                    "Model": family_title(entry.model.family),
                    "Expects": f"{count(test.mean)} ({count(test.lo)} to {count(test.hi)})",
                    "Apart": f"{abs(test.distance):.1f} s.e.",
                    "Had seen the test": "no" if test.unseen else "yes",
                }
            )
    rows.sort(key=lambda row: row["Test"])
    st.dataframe(rows, hide_index=True, height="content", key="train_lift", alt="Lift tests and what models expect")
    st.caption("KPI units. A model that learns from tests is fitted anew without some of them, and judged by these.")


def _all_figures(entries: Sequence[Entry]) -> None:
    """Every score there is, for those who want them."""
    rows = []
    for entry in entries:
        metrics, scores, held = entry.model.metrics, pooled(entry), entry.model.metrics.get("model", {})
        rows.append(
            {
                "Model": family_title(entry.model.family),
                "RMSE": count(scores.get("rmse")),
                "MAE": count(scores.get("mae")),
                "MAPE": percent(scores.get("mape")),
                "CRPS": count(scores.get("crps")),
                "MASE": _number(scores.get("mase")),
                "Inside 90 %": percent(scores.get("coverage")),
                "Hold-out RMSE": count(held.get("rmse")),
                "Hold-out R²": _number(held.get("r2")),
                "R-hat": _number(metrics.get("r_hat")),
                "ESS": _number(metrics.get("ess"), count),
            }
        )
    shown = [name for name in rows[0] if any(row[name] for row in rows)]
    st.dataframe(
        [{name: row[name] for name in shown} for row in rows],
        hide_index=True,
        height="content",
        key="train_all",
        alt="All scores of all models",
    )
    st.caption("Over all folds; R² and RMSE of the hold-out beside them. CRPS judges the whole forecast interval.")
