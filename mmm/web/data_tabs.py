"""The tabs below a stored data set: checks, charts, annotations, lift tests, versions, findings, tables as read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from mmm.charts.correlation import correlation
from mmm.charts.gaps import calendar, gaps
from mmm.charts.share import share_of_spend
from mmm.web.cards import CheckLike, folded_cards
from mmm.web.components import draw
from mmm.web.data_annotations import annotations_tab
from mmm.web.data_lift import lift_tab
from mmm.web.data_seen import findings_table, table_as_read
from mmm.web.data_versions import versions_tab
from mmm.web.holder import services
from mmm.web.marks import marks_of

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.data.panel import Panel
    from mmm.services.datasets import DatasetInfo


def details(actor: Actor, dataset: DatasetInfo, panel: Panel, checks: Sequence[CheckLike]) -> None:
    """Only the open tab is worked out."""
    latest = dataset.latest.id
    parts: dict[str, Callable[[], None]] = {
        "Checks": lambda: folded_cards(checks, key="data_checks"),
        "Charts": lambda: _charts(actor, dataset, panel),
        "Annotations": lambda: annotations_tab(actor, dataset, panel),
        "Lift tests": lambda: lift_tab(actor, dataset, panel),
        "Versions": lambda: versions_tab(actor, dataset),
        "Findings": lambda: _findings(actor, dataset, panel),
        "Table as read": lambda: _as_read(actor, latest),
    }
    tabs = st.tabs(list(parts), on_change="rerun", key="data_tabs")
    for tab, show in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                show()


def _charts(actor: Actor, dataset: DatasetInfo, panel: Panel) -> None:
    """Where the money goes, which channels move together, which periods are missing."""
    marks = marks_of(actor, dataset.id)
    for picture, title, key in (
        (share_of_spend(panel, marks=marks), "Share of spend", "data_share"),
        (correlation(panel), "What moves together", "data_correlation"),
        (calendar(panel, marks=marks), f"Which {panel.labels.frequency.value}s are missing", "data_calendar"),
    ):
        st.subheader(title, anchor=False)
        draw(picture, key=key)


def _findings(actor: Actor, dataset: DatasetInfo, panel: Panel) -> None:
    """What was noticed, below a strip of the periods that are not learnt from because of it."""
    if not panel.observed.all():
        draw(gaps(panel, marks=marks_of(actor, dataset.id)), key="data_gaps")
    findings_table(services().datasets.findings(actor, dataset.latest.id), key="data_findings")


def _as_read(actor: Actor, version_id: str) -> None:
    lineage = services().datasets.lineage(actor, version_id)
    names = [source.name for source in lineage.sources]
    place = 0
    if len(names) > 1:
        place = st.selectbox(
            "File", range(len(names)), format_func=names.__getitem__, key=f"data_file_{version_id}", width=400
        )
    frame = services().datasets.as_read(actor, version_id, place)
    table_as_read(frame, total=len(frame), key=f"data_as_read_{place}")
