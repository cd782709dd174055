"""Where files are handed over: read once, each refused or taken on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from mmm.data.read import MAX_FILE_BYTES
from mmm.errors import MMMError
from mmm.services.reading import Reading
from mmm.services.reading import Upload as File
from mmm.web.components import escape
from mmm.web.data_upload import BOX, Upload, begin, forget_refused, read_again, refused_before, remember_refused
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.services.datasets import DatasetInfo

TYPES = ["csv", "tsv", "txt", "xlsx", "xlsm"]  # a hint for the file dialogue; the content decides
MAX_MB = MAX_FILE_BYTES // 2**20
MOST_FILES = 12  # of one upload; a platform each, and sales, and rates

Refused = list[tuple[str, str]]


def upload_box(actor: Actor, dataset: DatasetInfo | None) -> None:
    """Where files are handed over; they are read once, and a refusal stays visible until the next file."""
    continues = dataset is not None and _continues(dataset)
    files, asked = _box(f"CSV, TSV or Excel, one file or several, at most {MAX_MB} MB each", "new")
    if not files:
        forget_refused()
        return
    target = dataset.id if dataset is not None and continues else None
    known = (asked, target)
    refused = refused_before(known)
    if refused is None:
        with st.spinner("Reading the file" if len(files) == 1 else f"Reading {len(files)} files"):
            reading, taken, failed = _read_all(actor, files, target)
        if reading is not None:
            begin(reading, taken, failed)
            st.rerun()
        remember_refused(known, failed)
        refused = tuple(failed)
    show_refused(refused)
    st.caption("Nothing was stored, and nothing stored before has changed.")


def add_box(actor: Actor, upload: Upload) -> None:
    """Where further files join an upload that is being looked at."""
    files, asked = _box("Another file, such as a platform's report or your sales", upload.turn)
    if not files:
        return
    if refused_before(asked) is None:
        failed = _join(actor, upload, files)
        if len(failed) < len(files):
            upload.refused = tuple(failed)
            st.session_state[BOX] = st.session_state.get(BOX, 0) + 1
            st.rerun()
        remember_refused(asked, failed)
    show_refused(refused_before(asked) or ())


def show_refused(refused: Sequence[tuple[str, str]]) -> None:
    """Files that could not be read, each with its reason."""
    for name, why in refused:
        told = why if name in why else f"“{name}”: {why}"  # most reasons name the file themselves
        st.error(escape(told))


def _box(label: str, key: object) -> tuple[list[File], object]:
    st.session_state.setdefault(BOX, 0)
    found = st.file_uploader(
        label,
        type=TYPES,
        accept_multiple_files=True,
        key=f"data_box_{st.session_state[BOX]}_{key}",
        max_upload_size=MAX_MB,
        help="One row for each day, week or month, or a report as a platform exports it.",
    )
    files = [File(box.name, box.getvalue()) for box in found[:MOST_FILES]]
    if len(found) > MOST_FILES:
        st.warning(f"At most {MOST_FILES} files are read at once; the others were not.")
    return files, tuple(box.file_id for box in found)


def _continues(dataset: DatasetInfo) -> bool:
    name = escape(dataset.name)
    chosen = st.segmented_control(
        "These files",
        [True, False],
        default=True,
        required=True,
        format_func=lambda value: f"continue “{name}”" if value else "are another data set",
        key=f"data_continues_{dataset.id}",
    )
    return bool(chosen)


def _read_all(
    actor: Actor, files: Sequence[File], dataset_id: str | None
) -> tuple[Reading | None, list[File], Refused]:
    """As many of the files as can be read together, and why the others cannot.

    All at once where nothing is wrong; otherwise one after the other, so that the reason is each file's own.
    """
    desk = services().desk
    try:
        return desk.read_files(actor, files, dataset_id=dataset_id), list(files), []
    except MMMError as problem:
        if len(files) == 1:
            return None, [], [(files[0].name, str(problem))]
    reading, taken, failed = None, list[File](), Refused()
    for file in files:
        try:
            reading = desk.read_files(actor, [*taken, file], dataset_id=dataset_id)
            taken.append(file)
        except MMMError as problem:
            failed.append((file.name, str(problem)))
    return reading, taken, failed


def _join(actor: Actor, upload: Upload, files: Sequence[File]) -> Refused:
    """Add the files one by one to the upload; why the others were not added."""
    failed = Refused()
    with st.spinner("Reading"):
        for file in files:
            try:
                if len(upload.files) >= MOST_FILES:
                    failed.append((file.name, f"one upload takes at most {MOST_FILES} files."))
                else:
                    recipe = replace(upload.reading.assembly.recipe, kpi=None)  # the new file may claim the sales too
                    read_again(actor, upload, [*upload.files, file], recipe)
            except MMMError as problem:
                failed.append((file.name, str(problem)))
    return failed
