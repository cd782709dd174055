"""The Plans page: what was saved, who decides, and two plans beside each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from mmm.access import Actor, Permission
from mmm.charts.numbers import (
    amount,
    amount_interval,
    between,
    long_date,
    money,
    probability,
    signed_amount,
)
from mmm.charts.scenario import sales_ahead, shared_range, spend_by_channel
from mmm.errors import MMMError
from mmm.planning.scenario import ScenarioOutcome
from mmm.services.planning import Outlook
from mmm.services.plans import CHANGEABLE, Plan, PlanInfo, PlanStatus
from mmm.services.scenarios import from_payload
from mmm.web.catalogue import PAGES
from mmm.web.components import banner, draw, escape, metric_row, open_page
from mmm.web.holder import services
from mmm.web.marks import marks_of
from mmm.web.plan_actions import STATUS_WORDS, act
from mmm.web.scenario_state import start_from
from mmm.web.scenario_view import figures
from mmm.web.scenario_words import UNDECIDED, against, headline


@dataclass(frozen=True, eq=False)
class Opened:
    """A plan as its own model answers it now.

    Attributes:
        name: what it is called.
        outlook: the model it was made with, and its data.
        outcome: what it would bring.
    """

    name: str
    outlook: Outlook
    outcome: ScenarioOutcome


def page_title(plans: Sequence[PlanInfo], actor: Actor) -> str:
    """What there is to do: "2 plans wait for your decision."."""
    waiting = [plan for plan in plans if plan.status is PlanStatus.SUBMITTED]
    mine = [plan for plan in waiting if not plan.is_own] if actor.may(Permission.APPROVE_PLANS) else waiting
    if mine:
        whose = "your decision" if actor.may(Permission.APPROVE_PLANS) else "approval"
        return f"“{mine[0].name}” waits for {whose}." if len(mine) == 1 else f"{len(mine)} plans wait for {whose}."
    approved = next((plan for plan in plans if plan.status is PlanStatus.APPROVED), None)
    if approved is not None:
        return f"“{approved.name}” is approved; nothing waits for a decision."
    return "No plan waits for a decision."


def table(plans: Sequence[PlanInfo]) -> pd.DataFrame:
    """The plans as a table, last changed first."""
    return pd.DataFrame(
        [
            {
                "Plan": plan.name,
                "Status": STATUS_WORDS[plan.status].capitalize(),
                "Made by": "you" if plan.is_own else plan.owner,
                "Changed": long_date(plan.updated_at.date()),
                "Decided by": plan.decided_by or "",
                "Comment": plan.comment or "",
            }
            for plan in plans
        ]
    )


def opened(actor: Actor, plan: Plan) -> Opened:
    """A plan answered by the model version it was made with.

    Raises:
        MMMError: its content or its model cannot be read any more.
    """
    outlook = services().planning.outlook(actor, model_id=plan.info.model_version_id)
    spend = from_payload(plan.payload).spend
    outcome = services().planning.evaluate(actor, plan.info.model_version_id, spend)
    return Opened(plan.info.name, outlook, outcome)


def plan_card(actor: Actor, info: PlanInfo, others: Sequence[PlanInfo]) -> None:
    """One plan: its finding, its figures, what can be done with it, and another one beside it."""
    try:
        found = opened(actor, services().plans.get(actor, info.id))
    except MMMError as problem:
        banner("error", escape(problem))
        return
    st.subheader(escape(headline(found.outcome)), anchor=False)
    st.caption(escape(_facts(info, found)))
    if not found.outlook.is_champion:
        banner("info", "Another model is published by now; the figures are those of the model this plan was made with.")
    metric_row(figures(found.outcome, found.outlook.panel.margin))
    if info.comment:
        st.markdown(f"> {escape(info.comment)}  \n> {escape(info.decided_by or '')}")
    _actions(actor, info, found)
    choice = st.selectbox(
        "Compare with",
        others,
        index=None,
        placeholder="another plan",
        format_func=lambda other: f"{other.name} ({STATUS_WORDS[other.status]})",
        key=f"beside_{info.id}",
        width=420,
    )
    _beside(actor, found, choice)


def _facts(info: PlanInfo, found: Opened) -> str:
    decided = f" by {info.decided_by}" if info.decided_by else ""
    return (
        f"{info.name} · {STATUS_WORDS[info.status]}{decided} · made by {'you' if info.is_own else info.owner} · "
        f"model {found.outlook.model.number} of {found.outlook.dataset.name}"
    )


def _actions(actor: Actor, info: PlanInfo, found: Opened) -> None:
    plans, key = services().plans, info.id
    mine = info.is_own and actor.may(Permission.MAKE_PLANS)
    decides = actor.may(Permission.APPROVE_PLANS) and info.status is PlanStatus.SUBMITTED and not info.is_own
    if decides:
        _decision(info)
    with st.container(horizontal=True, gap="small", key="plan_actions"):
        if open_page("scenarios") is not None and st.button("Open in Scenarios", key=f"open_{key}"):
            own = mine and info.status in CHANGEABLE
            start_from(
                found.outlook,
                found.outcome.spend,
                name=info.name,
                plan_id=info.id if own else None,
                version=info.version if own else None,
                keeps_model=True,
            )
            st.switch_page(PAGES / "scenarios.py")
        if mine and info.status in CHANGEABLE:
            _button(
                "Submit for approval",
                f"“{info.name}” is submitted.",
                lambda a: plans.submit(a, key, version=info.version),
                primary=True,
            )
        if mine and info.status is PlanStatus.SUBMITTED:
            _button("Take back", f"“{info.name}” is a draft again.", lambda a: plans.withdraw(a, key))
        if actor.may(Permission.MAKE_PLANS):
            _button("Duplicate", f"A copy of “{info.name}” is yours.", lambda a: plans.duplicate(a, key))
        if mine and info.status in CHANGEABLE:
            with st.popover("Rename"):
                name = st.text_input("New name", value=info.name, max_chars=200, key=f"rename_{key}_{info.version}")
                _button("Rename plan", f"It is called “{name}” now.", lambda a: plans.rename(a, key, name))


def _decision(info: PlanInfo) -> None:
    plans = services().plans
    comment = st.text_area(
        "Comment for its owner",
        key=f"comment_{info.id}",
        max_chars=2000,
        height=80,
        placeholder="Needed to send it back",
    )
    with st.container(horizontal=True, gap="small", key="decision"):
        _button(
            "Approve",
            f"“{info.name}” is approved.",
            lambda a: plans.approve(a, info.id, version=info.version, comment=comment),
            primary=True,
        )
        _button(
            "Send back",
            f"“{info.name}” went back to its owner.",
            lambda a: plans.reject(a, info.id, version=info.version, comment=comment),
        )


def _button(label: str, said: str, action: Callable[[Actor], object], *, primary: bool = False) -> None:
    if st.button(label, type="primary" if primary else "secondary", key=f"plan_{label}"):
        act(said, action)
        st.rerun()


def _beside(actor: Actor, one: Opened, choice: PlanInfo | None) -> None:
    """The plan's pictures, or two plans on one y-scale."""
    if choice is None:
        sales, channels = st.columns(2, gap="large")
        with sales:
            _sales(actor, one, 0, None)
        with channels:
            _spend(one)
        return
    try:
        other = opened(actor, services().plans.get(actor, choice.id))
    except MMMError as problem:
        banner("error", escape(problem))
        return
    finding = comparison(actor, one, other)
    st.markdown(f"**{escape(finding)}**")
    scale = shared_range([one.outcome, other.outcome], one.outlook.recent, other.outlook.recent)
    for place, (column, plan) in enumerate(zip(st.columns(2, gap="large"), (one, other), strict=True)):
        with column:
            st.markdown(f"**{escape(plan.name)}**")
            st.caption(_in_figures(plan.outcome))
            _sales(actor, plan, place, scale)
    st.dataframe(spend_table(one, other), hide_index=True, alt=finding)


def _sales(actor: Actor, plan: Opened, place: int, scale: tuple[float, float] | None) -> None:
    recent, periods = plan.outlook.recent, plan.outlook.recent_periods
    marks = marks_of(actor, plan.outlook.dataset.id)
    picture = sales_ahead(plan.outcome, periods, recent, key=f"beside_{place}", y_range=scale, height=320, marks=marks)
    draw(picture, f"beside_chart_{place}")


def _spend(plan: Opened) -> None:
    n, channels = plan.outcome.spend.shape[1], plan.outcome.channels
    picture = spend_by_channel(
        plan.outlook.labels.channels,
        channels.baseline_spend / n,
        channels.spend / n,
        currency=plan.outlook.units.currency,
        frequency=plan.outlook.labels.frequency,
        key="plan_spend",
        status=channels.support,
    )
    draw(picture, "plan_spend")
    st.caption("Ring: today. Dot: this plan.")


def _in_figures(outcome: ScenarioOutcome) -> str:
    units, uplift = outcome.units, outcome.uplift.shown
    spend = money(outcome.spend.sum(), units.currency)
    more = f"{signed_amount(uplift.mean, units)} ({amount_interval(uplift.lo, uplift.hi, units)})"
    return escape(f"Spends {spend}, brings {amount(outcome.total.shown.mean, units)}: {more} against today.")


def comparison(actor: Actor, one: Opened, other: Opened) -> str:
    """Which of two plans brings more; on paired draws where one model answers for both."""
    units = one.outcome.units
    same = one.outlook.model.id == other.outlook.model.id and one.outcome.spend.shape == other.outcome.spend.shape
    if not same:
        return "These plans were made with different models, so their difference has no interval."
    found = services().planning.difference(actor, one.outlook.model.id, one.outcome.spend, other.outcome.spend)
    better, worse, gain, chance = one, other, float(found.gain.mean), found.p_better
    if gain < 0:
        better, worse, gain, chance = other, one, -gain, 1 - chance
    if UNDECIDED[0] <= chance <= UNDECIDED[1]:
        return f"We are not sure which brings more: {between(found.gain.lo, found.gain.hi, units)}."
    return f"“{better.name}” brings about {amount(gain, units)} more than “{worse.name}”, {probability(chance)} likely."


def spend_table(one: Opened, other: Opened) -> pd.DataFrame:
    """Spend of two plans by channel, per period, with the change of the first against the second."""
    rows = []
    frequency, currency = one.outlook.labels.frequency.value, one.outlook.units.currency
    theirs = dict(zip(other.outlook.labels.channels, other.outcome.channels.spend, strict=True))
    for name, total in zip(one.outlook.labels.channels, one.outcome.channels.spend, strict=True):
        first = float(total) / one.outcome.spend.shape[1]
        second = float(theirs.get(name, 0.0)) / other.outcome.spend.shape[1]
        rows.append(
            {
                "Channel": name,
                f"{one.name}, a {frequency}": money(first, currency),
                f"{other.name}, a {frequency} ": money(second, currency),
                "Difference": against(first, second),
            }
        )
    return pd.DataFrame(rows)
