"""Lift tests of a data set: what experiments measured, one more by hand or from a file, and one taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.numbers import amount, count, long_date
from mmm.data.attach import LeftOut, attach
from mmm.data.findings import counted
from mmm.effects.estimate import Units
from mmm.services.lift_tests import MAX_NOTES
from mmm.web.components import escape
from mmm.web.data_upload import attempt
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.data.panel import Panel
    from mmm.services.datasets import DatasetInfo
    from mmm.services.lift_tests import LiftTestInfo

EVERYWHERE = "All markets"
STANDARD_ERROR, WITHIN_90, WITHIN_95 = "Standard error", "90 % interval", "95 % interval"
KPI_UNITS, MONEY, PER_CENT = "KPI", "Money", "Per cent of a baseline"


def lift_tab(actor: Actor, dataset: DatasetInfo, panel: Panel) -> None:
    """The tests, and for those who may upload a form, a file and a way to withdraw."""
    found = services().lift_tests.all(actor, dataset.id)
    live = [test for test in found if test.live]
    if found:
        left_out = {live[left.place].id: left for left in attach(panel, [test.read for test in live]).left_out}
        _table(found, panel, left_out)
        for left in left_out.values():
            st.caption(escape(left.finding.message.replace("was not replayed", "is not used")))
    if not live:
        st.markdown(_why())
    if not actor.may(Permission.UPLOAD_DATA):
        return
    by_hand, from_file = st.columns(2, gap="large")
    with by_hand:
        _form(actor, dataset, panel)
    with from_file:
        _file(actor, dataset)
        _withdraw(actor, live, panel)


def _why() -> str:
    """Why one experiment is worth more than another algorithm; the figures are those of docs/benchmarks.md."""
    return (
        "**No lift test counts yet, and nothing would teach a model more.** An experiment compares like with like; "
        "weeks of history cannot. On simulated data with a known truth, one four-week test a channel (20 % standard "
        "error) halved the error of what channels bring, from 6–8 % of all media to 3–4 %. No change of algorithm did "
        "as much."
    )


def _table(found: tuple[LiftTestInfo, ...], panel: Panel, left_out: Mapping[str, LeftOut]) -> None:
    rows = [
        {
            "Channel": test.read.test.channel,
            "Market": test.read.test.market or EVERYWHERE,
            "From": test.read.test.start.item(),
            "To": test.read.test.end.item(),
            "Lift": _in_unit(test, test.read.test.lift, panel),
            "Standard error": _in_unit(test, test.read.test.se, panel),
            "Notes": test.notes,
            "Added by": test.created_by,
            "Counts": _counts(test, left_out),
        }
        for test in found
    ]
    st.dataframe(
        pd.DataFrame(rows).astype({"From": "datetime64[s]", "To": "datetime64[s]"}),
        hide_index=True,
        height="content" if len(rows) <= 10 else 380,
        key="data_lift_tests",
        alt=f"{counted(len(rows), 'lift test')} with window, lift, standard error and who added them",
        column_config={
            "From": st.column_config.DateColumn(format="D MMM YYYY"),
            "To": st.column_config.DateColumn(format="D MMM YYYY"),
            "Lift": st.column_config.TextColumn(help="What came in the window because of the spend in the window"),
        },
    )


def _in_unit(test: LiftTestInfo, value: float, panel: Panel) -> str:
    units = Units.of(panel)
    if test.read.unit == "money" or units.kpi == units.currency:
        return amount(value, Units(currency=panel.currency))
    return count(value, units.kpi)


def _counts(test: LiftTestInfo, left_out: Mapping[str, LeftOut]) -> str:
    """Whether the next training learns from a test."""
    if test.withdrawn_at is not None:
        return f"withdrawn {long_date(test.withdrawn_at.date())}"
    return "no, see below" if test.id in left_out else "yes"


def _form(actor: Actor, dataset: DatasetInfo, panel: Panel) -> None:
    """One test by hand. How its figures are given is asked outside the form, because it changes the form."""
    st.markdown("**Add a test**")
    has_value = panel.money_per_kpi is not None and Units.of(panel).kpi != panel.currency
    given = st.segmented_control(
        "The lift is given as",
        [KPI_UNITS, MONEY, PER_CENT] if has_value else [KPI_UNITS, PER_CENT],
        default=KPI_UNITS,
        key="data_lift_unit",
    )
    sure = st.segmented_control(
        "How sure it is, as", [STANDARD_ERROR, WITHIN_90, WITHIN_95], default=STANDARD_ERROR, key="data_lift_error"
    )
    with st.form("data_lift_form", clear_on_submit=False):
        row = _window(panel) | _figures(given or KPI_UNITS, sure or STANDARD_ERROR)
        notes = st.text_input("Where the figure comes from", max_chars=MAX_NOTES, key="data_lift_notes")
        if st.form_submit_button("Add the test", type="primary"):
            attempt(
                lambda: services().lift_tests.add(actor, dataset.id, row, notes=notes),
                "The test is stored. The next training learns from it.",
            )


def _window(panel: Panel) -> dict[str, Any]:
    labels, last = panel.labels, panel.periods[-1].astype("datetime64[D]").item()
    row: dict[str, Any] = {"channel": st.selectbox("Channel", labels.channels, key="data_lift_channel")}
    if len(labels.markets) > 1:
        where = st.selectbox("Where", [EVERYWHERE, *labels.markets], key="data_lift_market")
        row["market"] = None if where == EVERYWHERE else where
    first_side, last_side = st.columns(2)
    row["start"] = first_side.date_input("First day", value=last, key="data_lift_first")
    row["end"] = last_side.date_input("Last day", value=last, key="data_lift_last")
    return row


def _figures(given: str, sure: str) -> dict[str, Any]:
    """Lift and its uncertainty in the way that was chosen."""
    row: dict[str, Any] = {"unit": "money" if given == MONEY else "kpi"}
    per_cent = " (%)" if given == PER_CENT else ""
    sides = st.columns(3 if sure != STANDARD_ERROR else 2)
    key = "lift_percent" if given == PER_CENT else "lift"
    row[key] = sides[0].number_input(f"Lift{per_cent}", value=None, format="%f", key="data_lift_lift")
    if sure == STANDARD_ERROR:
        row["se"] = sides[1].number_input(f"Standard error{per_cent}", value=None, format="%f", key="data_lift_se")
    else:
        row["low"] = sides[1].number_input(f"From{per_cent}", value=None, format="%f", key="data_lift_low")
        row["high"] = sides[2].number_input(f"To{per_cent}", value=None, format="%f", key="data_lift_high")
        row["level"] = 90 if sure == WITHIN_90 else 95
    if given == PER_CENT:
        row["baseline"] = st.number_input(
            "Baseline: KPI in the window without the tested spend",
            value=None,
            format="%f",
            key="data_lift_baseline",
        )
    return row


def _file(actor: Actor, dataset: DatasetInfo) -> None:
    st.markdown("**Or several from a file**")
    st.caption(
        "Columns channel, start, end, lift and se; market where there are several. In place of se: low and high, with "
        "level 90 or 95. In place of lift: lift\\_percent and baseline."
    )
    file = st.file_uploader("CSV or XLSX of lift tests", type=["csv", "xlsx"], key="data_lift_file")
    if file is not None and st.button("Add the tests of the file", key="data_lift_add_file"):
        attempt(
            lambda: services().lift_tests.add_file(actor, dataset.id, file.name, file.getvalue()),
            "The tests are stored. The next training learns from those that the table says count.",
        )


def _withdraw(actor: Actor, live: list[LiftTestInfo], panel: Panel) -> None:
    if not live:
        return
    st.markdown("**Withdraw a test**")
    by_id = {test.id: test for test in live}
    chosen = st.selectbox(
        "Test", list(by_id), format_func=lambda key: _named(by_id[key], panel), key=f"data_lift_pick_{len(live)}"
    )
    if st.button("Withdraw it", key="data_lift_withdraw"):
        attempt(
            lambda: services().lift_tests.withdraw(actor, chosen),
            "The test counts no more from the next training on. It stays in the table.",
        )


def _named(test: LiftTestInfo, panel: Panel) -> str:
    read = test.read.test
    return f"{read.channel}, {long_date(read.start)}: {_in_unit(test, read.lift, panel)}"
