"""The Optimise page: a budget and its limits, the best split, how far to go."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from mmm.access import Actor, Permission
from mmm.charts.numbers import SYMBOLS, amount, amount_interval, money, probability, signed_amount
from mmm.charts.scenario import how_far, spend_by_channel
from mmm.errors import InfeasiblePlanError, SpecError
from mmm.planning.plan import PlanResult, Step
from mmm.planning.scenario import ScenarioOutcome
from mmm.services.planning import Outlook
from mmm.web.catalogue import PAGES
from mmm.web.components import Figure, draw, escape, metric_row, page_header
from mmm.web.guard import guard
from mmm.web.holder import services
from mmm.web.scenario_state import stale_banner, start_from
from mmm.web.scenario_view import context_line
from mmm.web.scenario_words import SUPPORT_WORDS, against, best_split_headline, periods_words

FloatArray = NDArray[np.float64]

SAME, MORE, OTHER = "Same budget", "+10 %", "Another total"
REACH = (30, 200)  # per cent of today that a channel may move to, until somebody says otherwise
_BEYOND = "more than was ever sustained"
FARTHEST = 400  # per cent
WHY_NOT_ALL = (
    "The best split is a bet on the model being right. Going 70 % of the way is recommended: tried on simulated "
    "markets whose truth is known, it kept five sixths of the gain and halved the losses."
)


@dataclass(frozen=True)
class Question:
    """What is asked: total over the horizon (None: as today), limits in multiples of today, ceilings in currency."""

    total: float | None
    bounds: dict[str, tuple[float, float]]
    ceilings: dict[str, float] = field(default_factory=dict)


@st.fragment
def workplace(outlook: Outlook) -> None:
    """Everything on the page; a changed limit reruns this and nothing else."""
    actor = guard(Permission.MAKE_PLANS)
    header = st.container()
    left, right = st.columns([5, 8], gap="large")
    with left:
        question = _question(outlook)
    try:
        with right, st.spinner("Looking for the best split", show_time=True):
            result = services().planning.optimise(
                actor,
                outlook.model.id,
                total=question.total,
                bounds=question.bounds,
                ceilings=question.ceilings,
            )
    except (InfeasiblePlanError, SpecError) as problem:
        with header:
            page_header("This budget does not fit these limits.", context_line(outlook))
        right.error(escape(problem))
        return
    with left:
        step = _dial(result)
    plan, today = _plan(outlook, step.allocation), _plan(outlook, result.today)
    with header:
        page_header(
            best_split_headline(result, step, outlook.levels), context_line(outlook), sample=outlook.dataset.is_sample
        )
        stale_banner(outlook)
        metric_row(_figures(result, step))
    with right:
        _answer(actor, outlook, result, step, plan, today)
    with left:
        if st.button("Turn into a scenario", type="primary", key="to_scenario"):
            start_from(outlook, plan)
            st.switch_page(PAGES / "scenarios.py")


def _question(outlook: Outlook) -> Question:
    currency = outlook.units.currency
    usual, n = float(outlook.usual.sum()), len(outlook.periods)
    choice = st.segmented_control("Budget", [SAME, MORE, OTHER], default=SAME, key="budget", required=True)
    total: float | None = None
    if choice == MORE:
        total = round(1.1 * usual, 2)
    elif choice == OTHER:
        words = f"Total over {periods_words(n, outlook.labels.frequency)}, {currency}"
        total = float(st.number_input(words, min_value=0.0, value=float(round(usual)), step=1000.0, format="%.0f"))
    st.caption(f"Today {escape(money(usual, currency))} over the next {periods_words(n, outlook.labels.frequency)}.")
    low, high = st.slider(
        "Every channel may move to", 0, FARTHEST, REACH, 5, format="%d %%", key="reach", help="Per cent of today."
    )
    with st.expander("Limits of single channels", key="limits"):
        bounds, ceilings = _limits(outlook, int(low), int(high))
    return Question(total, bounds, ceilings)


def _limits(outlook: Outlook, low: int, high: int) -> tuple[dict[str, tuple[float, float]], dict[str, float]]:
    """Floor and ceiling of every channel; one that is dark today gets a ceiling in currency instead."""
    names, levels, n = outlook.labels.channels, outlook.levels, len(outlook.periods)
    running = [c for c in range(len(names)) if levels[c] > 0]
    table = pd.DataFrame(
        {
            "Channel": [names[c] for c in running],
            "Today": [money(levels[c], outlook.units.currency) for c in running],
            "At least": [low] * len(running),
            "At most": [high] * len(running),
        }
    )
    per_cent = st.column_config.NumberColumn(min_value=0, max_value=FARTHEST, step=5, format="%d %%", required=True)
    edited = st.data_editor(
        table,
        hide_index=True,
        disabled=["Channel", "Today"],
        key=f"limits_{low}_{high}",
        column_config={"At least": per_cent, "At most": per_cent},
    )
    bounds = {
        names[c]: (int(row["At least"]) / 100, int(row["At most"]) / 100)
        for c, row in zip(running, edited.to_dict("records"), strict=True)
    }
    ceilings = {}
    for c in sorted(set(range(len(names))) - set(running)):
        label = f"{escape(names[c])} is dark today; at most {SYMBOLS.get(outlook.units.currency, '')} a week"
        ceiling = st.number_input(label, min_value=0.0, value=0.0, step=100.0, format="%.0f", key=f"open_{c}")
        if ceiling > 0:
            ceilings[names[c]] = float(ceiling) * n
    return bounds, ceilings


def _dial(result: PlanResult) -> Step:
    advised = round(100 * result.advised_step)
    share = st.slider("How far to go", 0, 100, advised, 10, format="%d %%", key="how_far")
    st.caption(WHY_NOT_ALL)
    return min(result.frontier, key=lambda step: abs(step.share - share / 100))


def _plan(outlook: Outlook, allocation: FloatArray) -> FloatArray:
    return outlook.plan(outlook.usual, {c: float(total) / len(outlook.periods) for c, total in enumerate(allocation)})


def _figures(result: PlanResult, step: Step) -> list[Figure]:
    units = result.units
    usual = float(result.baseline.sum())
    return [
        Figure(
            "Gain over today's split",
            signed_amount(step.gain.mean, units),
            amount_interval(step.gain.lo, step.gain.hi, units),
            meaning="What the plan brings more than the same total split as today, carry-over included.",
        ),
        Figure("Chance of being better", probability(step.p_better), meaning="Than the same total split as today."),
        Figure(
            "Possible loss",
            amount(step.possible_loss, units),
            meaning="What it costs on average over all the ways it could go, counting only those where it goes wrong.",
        ),
        Figure(
            "Budget",
            money(result.total, units.currency),
            against(result.total, usual),
            meaning=f"Today: {money(usual, units.currency)}.",
        ),
    ]


def _answer(
    actor: Actor, outlook: Outlook, result: PlanResult, step: Step, plan: FloatArray, today: FloatArray
) -> None:
    n, frequency = len(outlook.periods), outlook.labels.frequency
    planned = services().planning.evaluate(actor, outlook.model.id, plan, per_channel=True)
    before = services().planning.evaluate(actor, outlook.model.id, today, per_channel=True)
    picture = spend_by_channel(
        outlook.labels.channels,
        result.today / n,
        step.allocation / n,
        currency=outlook.units.currency,
        frequency=frequency,
        key="split",
        limits=(result.lower / n, result.upper / n),
        status=planned.channels.support,
    )
    split, table, way = st.tabs(["Split", "Channel by channel", "How far to go"])
    with split:
        draw(picture, "optimise_split")
        st.caption("Ring: today's split of this total. Dot: the plan. Grey bar: how far a channel may move.")
    with table:
        st.dataframe(
            channel_table(outlook, before, planned),
            hide_index=True,
            alt=picture.alt,
            column_config={"Channel": st.column_config.TextColumn(pinned=True)},
        )
        st.caption(f"What a channel brings: what would be missing over the {periods_words(n, frequency)} without it.")
    with way:
        draw(how_far(result, step, key="way"), "optimise_way")
    for note in result.notes:
        if _BEYOND not in note:  # said of the whole way; the picture says it of the share that is chosen
            st.caption(escape(note))


def channel_table(outlook: Outlook, before: ScenarioOutcome, planned: ScenarioOutcome) -> pd.DataFrame:
    """Today and the plan beside each other, every number ready to read."""
    units, n = outlook.units, len(outlook.periods)
    rows = []
    for c, name in enumerate(outlook.labels.channels):
        row = {"Channel": name, "Change": against(*(float(o.channels.spend[c]) for o in (planned, before)))}
        for words, outcome in (("Today", before), ("Plan", planned)):
            level = float(outcome.channels.spend[c]) / n
            row[f"{words} a {outlook.labels.frequency.value}"] = money(level, units.currency)
        for words, outcome in (("Today", before), ("Plan", planned)):
            found = outcome.channels.incremental
            if found is not None:
                brings = found.shown.at(c)
                between = amount_interval(brings.lo, brings.hi, units)
                row[f"{words} brings"] = f"{amount(brings.mean, units)} ({between})"
        row["Note"] = SUPPORT_WORDS[planned.channels.support[c]]
        rows.append(row)
    return pd.DataFrame(rows)
