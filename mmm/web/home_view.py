"""The parts of the Home page: figures, moves."""

from __future__ import annotations

import numpy as np
import streamlit as st

from mmm.access.actor import Actor
from mmm.charts.numbers import amount, interval, money, signed_percent, symbol
from mmm.charts.sentences import begin, move_title, move_worth, span
from mmm.data.panel import KpiKind
from mmm.effects.roi import Roi
from mmm.errors import MMMError
from mmm.planning.moves import Move
from mmm.services.home import Home
from mmm.services.insight import Workbench
from mmm.web.components import Figure, escape, open_page
from mmm.web.holder import services
from mmm.web.scenario_state import start_from

TREND = 26  # periods of a small line


def kpi_word(bench: Workbench) -> str:
    """What the page calls what was sold: orders with a known value are shown in money, so they are revenue too."""
    known = bench.panel.kpi_kind is KpiKind.REVENUE or bench.panel.money_per_kpi is not None
    return "revenue" if known else bench.panel.kpi_name


def figures(bench: Workbench, home: Home) -> list[Figure]:
    """Sales lately, spend lately, and where the next euro earns most and least."""
    return [*_lately(bench, home), *_next_euros(bench.results.roi)]


def _lately(bench: Workbench, home: Home) -> list[Figure]:
    if home.change is None:
        return []
    change, panel = home.change, bench.panel
    n = len(change.recent)
    over = f"last {span(n, change.labels.frequency)}"
    split = bench.results.decomposition
    known = split.fitted if split.actual is None else np.where(np.isnan(split.actual), split.fitted, split.actual)
    sold = split.shown(known).sum(axis=0)
    spent = panel.spend.sum(axis=(0, 2))
    now, before = float(spent[-n:].sum()), float(spent[-2 * n : -n].sum())
    return [
        Figure(
            f"{begin(kpi_word(bench))}, {over}",
            amount(change.after, change.units),
            change=f"{signed_percent(change.total / change.before if change.before else None)} on the {n} before",
            trend=[round(float(v), 2) for v in sold[-TREND:]],
            meaning="What was sold, beside as many periods before."
            + (" Periods without an observed figure count as the model expected." if change.filled else ""),
        ),
        Figure(
            f"Spend, {over}",
            money(now, panel.currency),
            change=f"{signed_percent(now / before - 1 if before else None)} on the {n} before",
            trend=[round(float(v), 2) for v in spent[-TREND:]],
            meaning="All channels together.",
        ),
    ]


def _next_euros(returns: Roi) -> list[Figure]:
    names, currency = returns.labels.channels, returns.units.currency
    one = f"{symbol(currency)}1"
    if returns.next_roi is not None:
        found, best_first = returns.next_roi, True
        best, worst = f"Best next {one}", f"Worst next {one}"
        meaning = f"What the next {one} brings back on the channel where it earns {{}}, carry-over included."
    else:
        found, best_first = returns.next_cost_per_kpi, False
        best, worst = f"Cheapest next {returns.units.kpi}", f"Dearest next {returns.units.kpi}"
        meaning = f"What one more of {returns.units.kpi} costs on the channel where it costs {{}}."
    known = np.flatnonzero(np.isfinite(found.mean) & np.isfinite(found.lo) & np.isfinite(found.hi))
    if not len(known):
        return []
    order = known[np.argsort(found.mean[known])]
    places = [(best, int(order[-1] if best_first else order[0]), "most" if best_first else "least")]
    if len(order) > 1:
        places.append((worst, int(order[0] if best_first else order[-1]), "least" if best_first else "most"))
    return [
        Figure(
            label,
            money(found.mean[at], currency),
            f"{interval(found.lo[at], found.hi[at], currency)} · {escape(names[at])}",
            meaning=meaning.format(word),
        )
        for label, at, word in places
    ]


def move_cards(actor: Actor, bench: Workbench, home: Home) -> None:
    """The moves side by side, each with what it is worth and a way to try it."""
    if not home.moves:
        st.markdown("Business as usual is as good as any small change the model can think of.")
        return
    with st.grid(len(home.moves), min_column_width=260, gap="medium", key="moves"):
        for place, move in enumerate(home.moves):
            with st.container(border=True, gap="small", height="stretch"):
                st.markdown(f"**{escape(move_title(move))}**")
                st.markdown(escape(move_worth(move)))
                if st.button("Try it in a scenario", key=f"try_{place}", type="primary" if place == 0 else "secondary"):
                    _try(actor, bench, move)
    if any(move.units.has_value and not move.margin_known for move in home.moves):
        st.caption("Nobody has told the margin, so all extra revenue counts as profit.")


def _try(actor: Actor, bench: Workbench, move: Move) -> None:
    """Put the move on the sliders of the Scenarios page and go there."""
    page = open_page("scenarios")
    if page is None:
        return
    try:
        outlook = services().planning.outlook(actor, model_id=bench.champion.id)
    except MMMError as problem:
        st.error(escape(problem))
        return
    if outlook.usual.shape == move.spend.shape:
        start_from(outlook, move.spend)
    st.switch_page(page.path)
