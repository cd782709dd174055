"""An upload that continues a data set: added or in its place, what differs where both overlap, what columns became."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from mmm.charts.numbers import long_date
from mmm.data.cells import decimal_mark, parse_numbers
from mmm.data.findings import counted
from mmm.web.components import escape
from mmm.web.data_upload import Upload

if TYPE_CHECKING:
    from mmm.data.append import CellChange
    from mmm.data.schema import SchemaChange
    from mmm.services.reading import Draft
    from mmm.services.versions import DatasetVersionInfo, How

SHOWN = 200  # differences listed; the largest change comes first

_HOW: dict[How, str] = {
    "append": "Add its new {period}s to what is stored",
    "replace": "Put it in the place of what is stored",
}
_WHY = {
    "append": "It does not reach back to {first} as version {number} does, so its {period}s are probably to be added.",
    "replace": "It holds all that version {number} holds, so it probably takes its place.",
    "same": "It holds the same figures as version {number}; nothing new would be stored.",
}


def continuing_section(upload: Upload, draft: Draft | None) -> None:
    """Whether to add or replace, with the reason; then everything that is not as it was."""
    parent = upload.reading.parent
    if parent is None:
        return
    st.subheader("What this upload is to the data before it", anchor=False)
    _how(upload, parent)
    if upload.reading.changes:
        _changes(upload.reading.changes)
    if draft is not None and draft.overlap:
        _overlap(upload, draft.overlap)


def _how(upload: Upload, parent: DatasetVersionInfo) -> None:
    facts = {
        "number": parent.number,
        "first": long_date(np.datetime64(parent.summary["first"])),
        "last": long_date(np.datetime64(parent.summary["last"])),
        "period": parent.summary.get("frequency", "period"),
    }
    options: list[How] = ["append", "replace"]
    st.radio(
        "Version {number} holds the {period}s that start from {first} to {last}.".format(**facts),
        options,
        index=options.index(upload.continuing),
        format_func=lambda option: _HOW[option].format(**facts),
        key=upload.key("how"),
    )
    suggested = upload.reading.suggested
    if suggested is not None:
        st.caption(_WHY[suggested].format(**facts))


def _changes(changes: Sequence[SchemaChange]) -> None:
    """Columns that are not what they were, as sentences; those a model uses first."""
    used = [change for change in changes if change.used]
    for change in used:
        st.warning(escape(change.message))
    rest = [change for change in changes if not change.used]
    if rest:
        with st.expander(f"{counted(len(rest), 'more change')} of columns that are not used", expanded=not used):
            st.markdown("\n".join(f"- {escape(change.message)}" for change in rest))


def _overlap(upload: Upload, overlap: Sequence[CellChange]) -> None:
    """Figures of periods that both have, before and now."""
    st.markdown(f"**{counted(len(overlap), 'figure')} of periods stored before came with another value**")
    table = differences(overlap)
    st.dataframe(
        table,
        hide_index=True,
        height="content" if len(table) <= 10 else 380,
        key=upload.key("overlap"),
        alt=f"{counted(len(overlap), 'figure')} before and now",
        column_config={
            "Period": st.column_config.DateColumn(format="D MMM YYYY"),
            "Before": st.column_config.NumberColumn(format="localized"),
            "Now": st.column_config.NumberColumn(format="localized"),
            "Change": st.column_config.NumberColumn(format="percent"),
        },
    )
    if len(overlap) > SHOWN:
        st.caption(f"The {SHOWN} largest of {len(overlap):,}.")


def differences(overlap: Sequence[CellChange]) -> pd.DataFrame:
    """The cells that differ with their relative change, the largest first; texts where they are no numbers."""
    before, now = (_numbers([getattr(cell, side) for cell in overlap]) for side in ("old", "new"))
    table = pd.DataFrame(
        {
            "Period": pd.to_datetime([cell.period for cell in overlap]),
            "Market": [cell.market or "" for cell in overlap],
            "Column": [cell.column for cell in overlap],
            "Before": before,
            "Now": now,
            "Change": (now - before) / before.abs().where(before != 0),
        }
    )
    if before.isna().all() and now.isna().all():
        table = table.assign(Before=[cell.old for cell in overlap], Now=[cell.new for cell in overlap])
    if not any(cell.market for cell in overlap):
        table = table.drop(columns="Market")
    order = table["Change"].abs().fillna(float("inf")).sort_values(ascending=False, kind="stable").index
    return table.loc[order].head(SHOWN)


def _numbers(cells: Sequence[str]) -> pd.Series[float]:
    texts = pd.Series(list(cells), dtype="str")
    return pd.Series(parse_numbers(texts, decimal_mark(texts, ".")).values)
