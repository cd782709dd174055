"""Stored data: what a data set holds, whether it can teach anything, and how it came to be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.gaps import gaps
from mmm.charts.history import history
from mmm.charts.numbers import amount, long_date, money, percent
from mmm.data.checks import Check, check_panel
from mmm.data.findings import counted
from mmm.effects.estimate import Units
from mmm.planning.baseline import YEAR
from mmm.services.insight import last_day
from mmm.web.cards import check_cards, summary
from mmm.web.catalogue import ROOT
from mmm.web.components import Figure, download, draw, metric_row, open_page, page_header
from mmm.web.data_desk import CHOSEN
from mmm.web.data_seen import findings_table, table_as_read
from mmm.web.data_upload import box_open, open_box, upload_box
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.data.panel import Panel
    from mmm.services.datasets import DatasetInfo, DatasetVersionInfo

SAMPLES = ROOT / "sample_data"
_TEMPLATE = """week,revenue,search_spend,social_spend,tv_spend,promotion
2024-01-01,152300,8200,5400,12000,0
2024-01-08,149800,7900,5600,0,0
2024-01-15,158100,8800,5900,15000,1
"""


def nothing_yet(actor: Actor) -> None:
    """The first visit: why it is empty, where a file goes in, and two files to look at."""
    page_header("There are no data yet.", [actor.workspace_name])
    if not actor.may(Permission.UPLOAD_DATA):
        st.markdown("An analyst or an engineer can upload them here.")
        return
    with st.container(width=720, gap="medium"):
        st.markdown(
            "Mixwright learns from one table: a row for each week (or day, or month), with what was sold and what was "
            "spent on each channel. Two years are a good start. Nothing is stored before you have seen what was read."
        )
        upload_box(actor, None)
        examples()


def examples() -> None:
    """An empty template and the sample as files."""
    with st.container(horizontal=True):
        download(
            "Template (CSV)",
            lambda _: _TEMPLATE.encode(),
            file_name="mixwright-template.csv",
            mime="text/csv",
            key="data_template",
            permission=Permission.UPLOAD_DATA,
        )
        sample = sample_file()
        if sample is not None:
            download(
                "Sample data (CSV)",
                lambda _: sample.read_bytes(),
                file_name=sample.name,
                mime="text/csv",
                key="data_sample",
                permission=Permission.UPLOAD_DATA,
            )


def sample_file() -> Path | None:
    """The sample that comes with the program, if it is there."""
    return next(iter(sorted(SAMPLES.glob("*.csv"))), None)


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
    draw(history(panel), key="data_history")
    _details(actor, dataset, panel, checks)


def _facts(latest: DatasetVersionInfo, panel: Panel) -> list[str]:
    uploaded = f"uploaded by {latest.created_by} on {long_date(latest.created_at.date())}"
    margin = "margin not told" if panel.margin is None else f"margin {percent(panel.margin)}"
    return [f"Version {latest.number}", uploaded, f"KPI: {panel.kpi_name}", panel.currency, margin]


def _actions(actor: Actor, dataset: DatasetInfo, by_id: dict[str, DatasetInfo]) -> None:
    """Which data set, what to do next, and the box for another file."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(by_id) > 1:
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
        train = open_page("train") if actor.may(Permission.TRAIN) else None
        if train is not None and st.button("Train on these data", type="primary", key="data_train"):
            st.session_state["train_version"] = dataset.latest.id
            st.switch_page(train.path)
        if actor.may(Permission.UPLOAD_DATA) and not box_open() and st.button("Upload a file", key="data_open_box"):
            open_box()
            st.rerun()
    if box_open() and actor.may(Permission.UPLOAD_DATA):
        with st.container(width=720, border=True):
            upload_box(actor, dataset)
            with st.container(horizontal=True):
                examples()
                if st.button("Close", type="tertiary", key="data_close_box"):
                    open_box(shown=False)
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


def _details(actor: Actor, dataset: DatasetInfo, panel: Panel, checks: Sequence[Check]) -> None:
    tabs = st.tabs(["Checks", "Versions", "Findings", "Table as read"], on_change="rerun", key="data_tabs")
    if tabs[0].open:
        with tabs[0]:
            check_cards(checks, key="data_checks")
    if tabs[1].open:
        with tabs[1]:
            versions_table(services().datasets.versions(actor, dataset.id))
    if tabs[2].open:
        with tabs[2]:
            if not panel.observed.all():
                draw(gaps(panel), key="data_gaps")
            findings_table(services().datasets.findings(actor, dataset.latest.id), key="data_findings")
    if tabs[3].open:
        with tabs[3]:
            frame = services().datasets.as_read(actor, dataset.latest.id)
            table_as_read(frame, total=len(frame), key="data_as_read")


def versions_table(versions: Sequence[DatasetVersionInfo]) -> None:
    """Every version: who, when, from which file, what it holds."""
    rows = [
        {
            "Version": v.number,
            "Uploaded by": v.created_by,
            "Uploaded (UTC)": v.created_at,
            "File": v.source_name,
            "Periods": v.summary["periods"],
            "From": v.summary["first"],
            "To": v.summary["last"],
            "Markets": v.summary["markets"],
            "Channels": v.summary["channels"],
            "Findings": sum(v.summary["findings"].values()),
            "SHA-256 of the file": v.source_sha256,
        }
        for v in versions
    ]
    st.dataframe(
        pd.DataFrame(rows).astype({"From": "datetime64[s]", "To": "datetime64[s]"}),
        hide_index=True,
        height="content" if len(rows) <= 10 else 380,
        key="data_versions",
        alt=f"{counted(len(rows), 'version')} with who uploaded it, when and from which file",
        column_config={
            "Uploaded (UTC)": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone="UTC"),
            "From": st.column_config.DateColumn(format="D MMM YYYY"),
            "To": st.column_config.DateColumn(format="D MMM YYYY", help="First day of the last period"),
            "SHA-256 of the file": st.column_config.TextColumn(width="small"),
        },
    )
    st.caption("A correction is a new version; nothing is ever overwritten.")
