"""Stored data: what a data set holds, whether it can teach anything, and how it came to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.history import history
from mmm.charts.numbers import amount, long_date, money, percent
from mmm.data.checks import check_panel
from mmm.data.findings import counted
from mmm.effects.estimate import Units
from mmm.models.features import features_added
from mmm.planning.baseline import YEAR
from mmm.services.insight import last_day
from mmm.web.cards import summary
from mmm.web.components import Figure, draw, escape, metric_row, open_page, page_header
from mmm.web.data_box import upload_box
from mmm.web.data_desk import CHOSEN
from mmm.web.data_empty import examples
from mmm.web.data_manage import archived_list, export_menu, manage_menu
from mmm.web.data_tabs import details
from mmm.web.data_upload import box_open, open_box
from mmm.web.holder import services
from mmm.web.marks import marks_of

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.data.panel import Panel
    from mmm.services.datasets import DatasetInfo, DatasetVersionInfo


def stored(actor: Actor, datasets: Sequence[DatasetInfo]) -> None:
    """One of the stored data sets, with everything about it."""
    by_id = {dataset.id: dataset for dataset in datasets}
    chosen = st.session_state.get(CHOSEN)
    dataset = by_id.get(chosen) if isinstance(chosen, str) else None
    dataset = dataset or datasets[0]
    panel = services().datasets.panel(actor, dataset.latest.id)
    checks = check_panel(panel)
    through = last_day(panel.periods, panel.labels.frequency)
    page_header(
        f"“{dataset.name}” reaches to {long_date(through)}: {summary(checks)}.",
        _facts(dataset.latest, panel),
        sample=dataset.is_sample,
    )
    _actions(actor, dataset, by_id)
    metric_row(_figures(panel))
    draw(history(panel, marks=marks_of(actor, dataset.id)), key="data_history")
    st.caption(f"Models add to these data by themselves: {escape(' '.join(features_added(panel)))}")
    details(actor, dataset, panel, checks)
    archived_list(actor)


def _facts(latest: DatasetVersionInfo, panel: Panel) -> list[str]:
    uploaded = f"uploaded by {latest.created_by} on {long_date(latest.created_at.date())}"
    margin = "margin not told" if panel.margin is None else f"margin {percent(panel.margin)}"
    return [f"Version {latest.number}", uploaded, f"KPI: {panel.kpi_name}", panel.currency, margin]


def _actions(actor: Actor, dataset: DatasetInfo, by_id: dict[str, DatasetInfo]) -> None:
    """Which data set, what to do next, what to take along, and the box for further files."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(by_id) > 1:
            _choice(dataset, by_id)
        train = open_page("train") if actor.may(Permission.TRAIN) else None
        if train is not None and st.button("Train on these data", type="primary", key="data_train"):
            st.session_state["train_version"] = dataset.latest.id
            st.switch_page(train.path)
        if actor.may(Permission.UPLOAD_DATA) and not box_open() and st.button("Upload files", key="data_open_box"):
            open_box()
            st.rerun()
        st.space("stretch")
        manage_menu(actor, dataset)
        export_menu(actor, dataset)
    if box_open() and actor.may(Permission.UPLOAD_DATA):
        with st.container(width=720, border=True):
            upload_box(actor, dataset)
            with st.container(horizontal=True):
                examples()
                if st.button("Close", type="tertiary", key="data_close_box"):
                    open_box(shown=False)
                    st.rerun()


def _choice(dataset: DatasetInfo, by_id: dict[str, DatasetInfo]) -> None:
    ids = list(by_id)
    picked = st.selectbox(
        "Data set",
        ids,
        index=ids.index(dataset.id),
        format_func=lambda key: by_id[key].name,
        key=f"data_pick_{dataset.id}",
        width=280,
    )
    if picked != dataset.id:
        st.session_state[CHOSEN] = picked
        st.rerun()


def _figures(panel: Panel) -> list[Figure]:
    unit = panel.labels.frequency.value
    year = slice(max(0, panel.n_periods - YEAR[panel.labels.frequency]), panel.n_periods)
    span = f"last {counted(year.stop - year.start, unit)}"
    used = int(panel.observed.any(axis=0).sum())
    spend, kpi = panel.spend[:, year].sum(axis=(0, 2)), panel.kpi[:, year].sum(axis=0)
    units, value = Units.of(panel), panel.money_per_kpi
    worth = kpi if value is None else (panel.kpi * value)[:, year].sum(axis=0)
    channels = len(panel.labels.channels)
    markets = len(panel.labels.markets)
    return [
        Figure(
            f"{unit.capitalize()}s",
            f"{panel.n_periods:,}",
            "" if used == panel.n_periods else f"{used:,} usable for fitting",
            meaning="Periods with gaps are kept but never fitted.",
        ),
        Figure("Channels", f"{channels}", counted(markets, "market")),
        Figure(
            f"{panel.kpi_name[:24]}, {span}",
            amount(float(worth.sum()), units),
            trend=worth.tolist(),
        ),
        Figure(f"Spend, {span}", money(float(spend.sum()), panel.currency), trend=spend.tolist()),
    ]
