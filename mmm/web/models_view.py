"""One model under a lamp: its health card, its fit, its settings; two models side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.fit import fit_and_forecast
from mmm.charts.numbers import amount, amount_interval, count, long_date, percent, ratio, ratio_interval
from mmm.data.findings import counted
from mmm.effects.estimate import LEVEL
from mmm.services.models import HealthStatus
from mmm.web.cards import STATUS, StoredCheck, check_cards, summary
from mmm.web.components import Figure, chart, download, metric_row
from mmm.web.holder import services
from mmm.web.marks import marks_of
from mmm.web.publishing import family_title, model_title

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.services.models import ModelInfo
    from mmm.services.training import Entry, Leaderboard
    from mmm.study import Results

ALL = "All markets together"


def pick_model(board: Leaderboard) -> Entry:
    """The model on show: the published one first, else the newest recommended."""
    by_id = {entry.model.id: entry for entry in board.entries}
    ids = list(by_id)
    first = next((e.model.id for e in board.entries if e.model.is_champion), None)
    first = first or next((e.model.id for e in board.entries if e.recommended), ids[0])
    chosen = st.selectbox(
        "Model", ids, index=ids.index(first), format_func=lambda key: _title(by_id[key]), key=f"models_{ids[0]}"
    )
    return by_id[chosen]


def _title(entry: Entry) -> str:
    marks = ["published"] if entry.model.is_champion else []
    marks += ["recommended"] if entry.recommended else []
    marks.append(f"data version {entry.dataset_number}")
    return f"{model_title(entry.model)}: {', '.join(marks)}"


def headline(entry: Entry, name: str) -> str:
    """How healthy the model is, in a sentence."""
    checks = checks_of(entry.model)
    told = summary(checks) if checks else "it carries no health card"
    title = f"{model_title(entry.model)} of “{name}”"
    if entry.model.status is HealthStatus.PASS:
        return f"{title} is healthy: {told}."
    return f"{title}: {told}."


def facts(entry: Entry) -> list[str]:
    """What the model rests on."""
    model = entry.model
    return [
        f"Data version {entry.dataset_number}",
        f"trained by {model.created_by} on {long_date(model.created_at.date())}",
        "published" if model.is_champion else "not published",
        f"intervals hold {percent(LEVEL)}",
    ]


def checks_of(model: ModelInfo) -> list[StoredCheck]:
    """The health card as it was stored."""
    return [StoredCheck(check) for check in model.health.get("checks", [])]


def figures(model: ModelInfo) -> None:
    """How well it forecast periods that it had not seen."""
    mine, plain = model.metrics.get("model", {}), model.metrics.get("yardstick", {})
    r2 = mine.get("r2")
    metric_row(
        [
            Figure("Forecast error", percent(mine.get("mape")), meaning="Mean absolute error on the hold-out (MAPE)."),
            Figure(
                "RMSE",
                count(mine.get("rmse")),
                f"plain regression {count(plain.get('rmse'))}",
                meaning="In KPI units, on periods kept back; beside a plain regression on spend and lagged spend.",
            ),
            Figure(
                "R² on the hold-out",
                "–" if r2 is None else f"{r2:.2f}".replace("-", "−"),
                meaning="1 is a perfect forecast, 0 as good as the mean, below 0 worse than the mean.",
            ),
            Figure(
                "Inside the 90 % interval",
                percent(model.metrics.get("coverage")),
                counted(int(model.metrics.get("periods", 0)), "period") + " kept back",
                meaning="Share of the periods kept back that fell inside the interval; near 90 % is right.",
            ),
        ]
    )


def fit_chart(actor: Actor, model: ModelInfo) -> None:
    """Fit against actual over all history, the hold-out shaded."""
    found = services().insight.results(actor, model.id)
    markets = found.contributions.labels.markets
    market = None
    if len(markets) > 1:
        options = [ALL, *markets]
        picked = st.selectbox("Market", options, key=f"models_market_{model.id}", width=280)
        market = None if picked == ALL else markets.index(picked)
    drawn = fit_and_forecast(
        found.fitted,
        found.hold_out,
        found.contributions.units.kpi,
        found.contributions.labels.frequency,
        market=market,
        marks=marks_of(actor, model.dataset_id),
    )
    chart(drawn.figure, key="models_fit", alt=drawn.alt)
    st.caption(drawn.alt)


def health(model: ModelInfo) -> None:
    """Every check as a card."""
    checks = checks_of(model)
    if checks:
        check_cards(checks, key="models_health")
    else:
        st.markdown("This model was stored without a health card; train again to have one.")


def settings(actor: Actor, entry: Entry, job: Mapping[str, Any]) -> None:
    """What was asked, and what the fit reports about itself."""
    model = services().models.fitted(actor, entry.model.id)
    rows = {
        "Family": family_title(entry.model.family),
        "Effort": job.get("effort", ""),
        "Seed": job.get("seed", ""),
        "Periods kept back": entry.model.metrics.get("periods", ""),
        "Draws": model.n_draws,
        **{key.replace("_", " ").capitalize(): value for key, value in model.diagnostics.items()},
    }
    st.dataframe(
        [{"Setting": key, "Value": _plain(value)} for key, value in rows.items()],
        hide_index=True,
        height="content" if len(rows) <= 12 else 420,
        key="models_settings",
        alt="Settings of the model and what its fit reports",
    )
    download(
        "Everything that was assumed (JSON)",
        lambda now: json.dumps(
            services().reproduction.assumptions(now, entry.model.id), indent=2, default=str
        ).encode(),
        file_name=f"model-{entry.model.number}-assumptions.json",
        mime="application/json",
        key=f"models_assumptions_{entry.model.id}",
        permission=Permission.TRAIN,
    )


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(inner) for inner in value)
    return "not set" if value is None else str(value)


def compare(actor: Actor, entry: Entry, others: Sequence[Entry]) -> None:
    """This model and another: errors, health, and what each ascribes to the channels."""
    rest = {other.model.id: other for other in others if other.model.id != entry.model.id}
    if not rest:
        st.markdown("There is no second model to compare with yet; train another family or another version.")
        return
    picked = st.selectbox(
        "Beside", list(rest), format_func=lambda key: _title(rest[key]), key=f"compare_{entry.model.id}", width=420
    )
    pair = (entry.model, rest[picked].model)
    names = [model_title(model) for model in pair]
    errors = [_errors(model) for model in pair]
    rows = [{"On the hold-out": key, names[0]: errors[0][key], names[1]: errors[1][key]} for key in errors[0]]
    alt = f"Errors of {names[0]} and {names[1]}"
    st.dataframe(rows, hide_index=True, height="content", key="compare_errors", alt=alt)
    _channels_beside(names, [services().insight.results(actor, model.id) for model in pair])


def _errors(model: ModelInfo) -> dict[str, str]:
    mine = model.metrics.get("model", {})
    return {
        "RMSE": count(mine.get("rmse")),
        "MAE": count(mine.get("mae")),
        "MAPE": percent(mine.get("mape")),
        "Inside its 90 %": percent(model.metrics.get("coverage")),
        "Health": STATUS[model.status.value][0],
    }


def _channels_beside(names: Sequence[str], results: Sequence[Results]) -> None:
    """Drop-one contribution and return of each channel by both models, with intervals."""
    per_model = [dict(_by_channel(found)) for found in results]
    channels = list(dict.fromkeys(channel for found in per_model for channel in found))
    rows = []
    for channel in channels:
        row = {"Channel": channel}
        for name, found in zip(names, per_model, strict=True):
            brought, back = found.get(channel, ("–", "–"))
            row[f"{name}: brought"] = brought
            row[f"{name}: return"] = back
        rows.append(row)
    st.dataframe(rows, hide_index=True, height="content", key="compare_channels", alt="Contributions by both models")
    st.caption("Brought: drop-one contribution over all history, with its 90 % interval. Return: per unit of spend.")


def _by_channel(found: Results) -> list[tuple[str, tuple[str, str]]]:
    total, units = found.contributions.total.shown, found.contributions.units
    back = found.roi.roi
    told = []
    for place, channel in enumerate(found.contributions.labels.channels):
        mean, lo, hi = (float(part[place]) for part in (total.mean, total.lo, total.hi))
        brought = f"{amount(mean, units)} ({amount_interval(lo, hi, units)})"
        earned = "–"
        if back is not None:
            span = ratio_interval(float(back.lo[place]), float(back.hi[place]))
            earned = f"{ratio(float(back.mean[place]))} ({span})"
        told.append((channel, (brought, earned)))
    return told
