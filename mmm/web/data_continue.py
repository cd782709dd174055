"""An upload that continues a data set: added or in its place, what differs where both overlap, what columns became."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from mmm.web.data_upload import Upload

if TYPE_CHECKING:
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


def continuing_section(upload: Upload) -> None:
    """Whether to add or replace, with the reason; then everything that is not as it was."""
    parent = upload.reading.parent
    if parent is None:
        return
    st.subheader("What this upload is to the data before it", anchor=False)
    _how(upload, parent)


def _how(upload: Upload, parent: DatasetVersionInfo) -> None:
    facts = {
        "number": parent.number,
        "first": parent.summary.get("first", ""),
        "period": parent.summary.get("frequency", "period"),
    }
    options: list[How] = ["append", "replace"]
    st.radio(
        f"Version {parent.number} reaches from {facts['first']} to {parent.summary.get('last', '')}.",
        options,
        index=options.index(upload.continuing),
        format_func=lambda option: _HOW[option].format(**facts),
        key=upload.key("how"),
    )
    suggested = upload.reading.suggested
    if suggested is not None:
        st.caption(_WHY[suggested].format(**facts))
