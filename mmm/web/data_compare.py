"""Two versions of a data set side by side: what was added, what is gone, what was restated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from mmm.charts.numbers import long_date
from mmm.data.findings import counted
from mmm.web.components import escape
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.data.diff import NameChanges, PanelCell, PanelDiff, SettingChange
    from mmm.services.datasets import DatasetVersionInfo

LISTED = 5  # names in a sentence; more are counted
SHOWN = 200  # figures in the table, the largest change first


def compare(actor: Actor, versions: Sequence[DatasetVersionInfo]) -> None:
    """Two versions to choose, and their differences in sentences and figures."""
    st.subheader("What changed between two versions", anchor=False)
    by_id = {version.id: version for version in versions}
    newest, before = versions[0], versions[1]
    left, right = st.columns(2, gap="small")
    old = left.selectbox(
        "From", list(by_id), index=list(by_id).index(before.id), format_func=lambda key: f"Version {by_id[key].number}",
        key=f"data_compare_old_{newest.id}",
    )  # fmt: skip
    new = right.selectbox(
        "To", list(by_id), format_func=lambda key: f"Version {by_id[key].number}", key=f"data_compare_new_{newest.id}"
    )
    if old == new:
        st.caption("Choose two different versions.")
        return
    found = services().datasets.diff(actor, old, new)
    for sentence in sentences(found):
        st.markdown(f"- {escape(sentence)}")
    if found.cells:
        _restated(found.cells, found.n_cells)


def sentences(diff: PanelDiff) -> list[str]:
    """What changed, in words: periods, markets, channels and controls, settings, figures."""
    if diff.empty:
        return ["Nothing differs."]
    found = []
    for names, what in ((diff.periods, "period"), (diff.markets, "market")):
        found += _came_and_went(names, what, span=what == "period")
    for names, what in ((diff.channels, "channel"), (diff.controls, "control")):
        found += _came_and_went(names, what)
    found += [_setting(change) for change in diff.settings]
    if diff.n_cells:
        found.append(
            f"{counted(diff.n_cells, 'figure')} of what both hold {'was' if diff.n_cells == 1 else 'were'} restated."
        )
    if diff.refitted:
        found.append(f"{counted(len(diff.refitted), 'period')} changed between being learnt from and being left out.")
    return found


def _came_and_went(names: NameChanges, what: str, *, span: bool = False) -> list[str]:
    said = []
    for those, verb in ((names.added, "added"), (names.gone, "gone")):
        if those:
            were = "is" if len(those) == 1 else "are"
            listed = _span(those) if span else _listed(those)
            said.append(f"{counted(len(those), what)} {were} {verb}: {listed}.")
    return said


def _span(days: Sequence[str]) -> str:
    first, last = (long_date(np.datetime64(day)) for day in (days[0], days[-1]))
    return first if first == last else f"{first} to {last}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(f"“{name}”" for name in names[:LISTED]) + more


def _setting(change: SettingChange) -> str:
    setting = f"{change.setting[:1].upper()}{change.setting[1:]}"
    return f"{setting}: {change.old or 'not set'} before, {change.new or 'not set'} now."


def _restated(cells: Sequence[PanelCell], count: int) -> None:
    """Figures of both versions that differ."""
    table = pd.DataFrame(
        {
            "Period": pd.to_datetime([cell.period for cell in cells[:SHOWN]]),
            "Market": [cell.market for cell in cells[:SHOWN]],
            "Series": [
                cell.series if cell.kind == cell.series else f"{cell.kind} of {cell.series}" for cell in cells[:SHOWN]
            ],
            "Before": [cell.old for cell in cells[:SHOWN]],
            "Now": [cell.new for cell in cells[:SHOWN]],
            "Change": [cell.relative for cell in cells[:SHOWN]],
        }
    )
    if table["Market"].nunique() < 2:
        table = table.drop(columns="Market")
    st.dataframe(
        table,
        hide_index=True,
        height="content" if len(table) <= 10 else 380,
        key="data_restated",
        alt=f"{counted(count, 'restated figure')}, before and now",
        column_config={
            "Period": st.column_config.DateColumn(format="D MMM YYYY"),
            "Before": st.column_config.NumberColumn(format="localized"),
            "Now": st.column_config.NumberColumn(format="localized"),
            "Change": st.column_config.NumberColumn(format="percent"),
        },
    )
    if count > len(table):
        st.caption(f"The {len(table)} largest of {count:,}.")
