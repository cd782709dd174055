"""What may be done with a data set as a whole: rename, archive, put back, take along."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Literal

import streamlit as st

from mmm.access.roles import Permission
from mmm.data.findings import counted
from mmm.web.components import download, escape
from mmm.web.data_upload import attempt
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.services.datasets import DatasetInfo

What = Literal["read", "cleaned"]
Format = Literal["csv", "xlsx"]

_MIME: dict[Format, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_WHAT: dict[What, str] = {"read": "As read", "cleaned": "Cleaned"}


def export_menu(actor: Actor, dataset: DatasetInfo) -> None:
    """The data as files, for those who may take them along."""
    if not actor.may(Permission.EXPORT):
        return
    several = len(services().datasets.lineage(actor, dataset.latest.id).sources) > 1
    with st.popover("Export", icon=":material/download:", key="data_export"):
        st.caption("Cells that a spreadsheet would compute are made harmless; numbers stay numbers.")
        for what in _WHAT:
            for fmt in _MIME:
                _export(dataset, what, fmt, zipped=several and what == "read" and fmt == "csv")


def manage_menu(actor: Actor, dataset: DatasetInfo) -> None:
    """Rename and archive, for those who may upload."""
    if not actor.may(Permission.UPLOAD_DATA):
        return
    with st.popover("Manage", key="data_manage"):
        name = st.text_input("Name", value=dataset.name, max_chars=200, key=f"data_rename_{dataset.id}")
        if st.button("Rename", key="data_rename", disabled=name.strip() in ("", dataset.name)):
            attempt(
                lambda: services().datasets.rename(actor, dataset.id, name), f"The data set is called “{name.strip()}”."
            )
        st.caption("An archived data set leaves the lists; nothing is removed, and it can be put back.")
        if st.button("Archive", key="data_archive"):
            attempt(lambda: services().datasets.archive(actor, dataset.id), f"“{dataset.name}” is archived.")


def archived_list(actor: Actor) -> None:
    """What was taken out of the lists, with a way back."""
    if not actor.may(Permission.UPLOAD_DATA):
        return
    gone = [dataset for dataset in services().datasets.list(actor, archived=True) if dataset.archived]
    if not gone:
        return
    with st.expander(f"{counted(len(gone), 'archived data set')}", key="data_archived"):
        for dataset in gone:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{escape(dataset.name)}**", width="content")
                st.caption(f"version {dataset.latest.number}", width="content")
                if st.button("Put back", key=f"data_back_{dataset.id}"):
                    attempt(
                        partial(services().datasets.archive, actor, dataset.id, archived=False),
                        f"“{dataset.name}” is back.",
                    )


def _export(
    dataset: DatasetInfo, what: Literal["read", "cleaned"], fmt: Literal["csv", "xlsx"], *, zipped: bool
) -> None:
    stem = re.sub(r"[^\w.-]+", "-", dataset.name).strip("-.")[:60] or "data"
    ending = "zip" if zipped else fmt
    download(
        f"{_WHAT[what]}, {'CSV files in a zip' if zipped else fmt.upper()}",
        partial(_content, dataset.latest.id, what, fmt),
        file_name=f"{stem}-{what}-v{dataset.latest.number}.{ending}",
        mime="application/zip" if zipped else _MIME[fmt],
        key=f"data_export_{what}_{fmt}",
    )


def _content(version_id: str, what: What, fmt: Format, actor: Actor) -> bytes:
    return services().datasets.download(actor, version_id, what, fmt)
