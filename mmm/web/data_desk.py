"""The desk: an upload from its first look to the press of Save."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import streamlit as st

from mmm.data.findings import counted
from mmm.errors import MMMError
from mmm.services.reading import Draft
from mmm.web.cards import check_cards, summary
from mmm.web.components import escape, page_header
from mmm.web.data_form import business_questions, column_rows, open_questions
from mmm.web.data_seen import dialect_words, findings_table, refusals, table_as_read, totals_table
from mmm.web.data_upload import Upload, begin, drop, notice
from mmm.web.holder import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmm.access.actor import Actor
    from mmm.services.datasets import DatasetInfo

CHOSEN = "data_dataset"  # session key of the data set that the page shows


def desk(actor: Actor, upload: Upload, datasets: Sequence[DatasetInfo]) -> None:
    """Everything about one upload, in the order a person works through it."""
    contradictions = upload.problems()
    draft = None if contradictions else upload.draft(actor)
    page_header(headline(upload, draft, contradictions), dialect_words(upload.reading.files[0]))
    for problem in contradictions:
        st.warning(escape(problem))
    if draft is not None:
        refusals(draft.refusals)
    _sheet(actor, upload)
    _table(upload)
    st.subheader("What each column is", anchor=False)
    column_rows(upload)
    st.subheader("Three questions about the business", anchor=False)
    business_questions(upload, draft)
    if draft is not None:
        _about(upload, draft)
    _save(actor, upload, draft, datasets)


def headline(upload: Upload, draft: Draft | None, contradictions: Sequence[str]) -> str:
    """Where this upload stands, in a sentence."""
    name = upload.reading.files[0].name
    if draft is None:
        return f"“{name}” was read; {counted(len(contradictions), 'point')} about its columns to settle."
    if draft.refusals:
        return f"“{name}” cannot be used as it is."
    waiting = len(draft.open)
    if waiting:
        return f"“{name}” leaves {counted(waiting, 'question')} that only you can answer."
    panel = draft.result.panel
    if panel is None:
        return f"“{name}” does not make a data set yet."
    shape = (
        f"{counted(panel.n_periods, panel.labels.frequency.value)} of {counted(len(panel.labels.channels), 'channel')}"
    )
    markets = len(panel.labels.markets)
    where = f" in {markets} markets" if markets > 1 else ""
    return f"“{name}” is ready to be saved: {shape}{where}."


def _sheet(actor: Actor, upload: Upload) -> None:
    """Another sheet of a workbook is another table: what was said about the first does not carry over."""
    reading = upload.reading
    if len(reading.files[0].sheets) < 2:
        return
    chosen = st.selectbox(
        "Sheet",
        reading.files[0].sheets,
        index=list(reading.files[0].sheets).index(reading.files[0].dialect.sheet or reading.files[0].sheets[0]),
        key=upload.key("sheet"),
    )
    if chosen == reading.files[0].dialect.sheet:
        return
    try:
        other = services().desk.read(
            actor, name=reading.files[0].name, content=reading.contents[0], sheet=chosen, dataset_id=reading.dataset_id
        )
    except MMMError as problem:
        st.error(escape(problem))
        return
    begin(other)
    st.rerun()


def _table(upload: Upload) -> None:
    raw = upload.reading.files[0]
    table_as_read(raw.frame, total=len(raw.frame), key=upload.key("table"))


def _about(upload: Upload, draft: Draft) -> None:
    """Open questions, what was noticed, totals, and what the data can teach."""
    rows = [asked for asked in draft.asked if asked.question.code != "roll_up"]
    if rows and not draft.refusals:
        st.subheader("What the file leaves open", anchor=False)
        open_questions(upload, draft)
    st.subheader("What was noticed", anchor=False)
    findings_table(draft.findings, key=upload.key("findings"))
    if draft.result.totals:
        st.subheader("Totals to compare with your source", anchor=False)
        uses = dict(draft.mapping.used_columns)
        with st.container(width=640):
            totals_table(draft.result.totals, uses, key=upload.key("totals"))
    if draft.checks:
        failed = any(check.status == "fail" for check in draft.checks)
        with st.expander(f"What these data can teach: {summary(draft.checks)}", expanded=failed):
            check_cards(draft.checks, key=upload.key("checks"))


def _save(actor: Actor, upload: Upload, draft: Draft | None, datasets: Sequence[DatasetInfo]) -> None:
    st.subheader("Save", anchor=False)
    target, name = _target(upload, datasets)
    left_out = upload.left_out
    if left_out:
        st.caption(f"Not stored, because it looks personal or you left it out: {escape(', '.join(left_out))}.")
    ready = draft is not None and draft.ready
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Save", type="primary", key=upload.key("save"), disabled=not ready)
        if st.button("Discard this upload", type="tertiary", key=upload.key("discard")):
            drop(upload)
            st.rerun()
        if not ready:
            st.caption(_missing(draft), width="content")
    if pressed and draft is not None and ready:
        _store(actor, upload, draft, target, name)


def _target(upload: Upload, datasets: Sequence[DatasetInfo]) -> tuple[DatasetInfo | None, str]:
    """The data set this continues, or None and the name of a new one."""
    by_id = {dataset.id: dataset for dataset in datasets}
    as_column, name_column = st.columns(2, gap="small")
    chosen: str | None = None
    if by_id:
        meant = upload.reading.dataset_id
        with as_column:
            chosen = st.selectbox(
                "Save as",
                [None, *by_id],
                index=[None, *by_id].index(meant) if meant in by_id else 0,
                format_func=lambda key: (
                    "A new data set"
                    if key is None
                    else f"Version {by_id[key].latest.number + 1} of “{by_id[key].name}”"
                ),
                key=upload.key("target"),
            )
    if chosen is not None:
        return by_id[chosen], ""
    with name_column if by_id else as_column:
        name = st.text_input(
            "Name of the data set",
            value=PurePath(upload.reading.files[0].name).stem[:80],
            max_chars=200,
            key=upload.key("name"),
        )
    return None, name


def _missing(draft: Draft | None) -> str:
    if draft is None:
        return "Settle the points about the columns first."
    if draft.refusals:
        return "Something stands in the way; it is said on top of the page."
    if draft.open:
        return f"Answer {counted(len(draft.open), 'question')} first."
    return "The file gives no data set yet."


def _store(actor: Actor, upload: Upload, draft: Draft, target: DatasetInfo | None, name: str) -> None:
    try:
        with st.spinner("Saving"):
            stored = services().desk.store(
                actor,
                upload.reading,
                draft.mapping,
                name=name,
                dataset_id=target.id if target is not None else None,
                leave_out=upload.left_out,
            )
    except MMMError as problem:
        st.error(escape(problem))
        return
    version = stored.version
    shown = target.name if target is not None else name.strip()
    if stored.already:
        notice(f"Version {version.number} of “{shown}” holds exactly this already; nothing was stored twice.")
    else:
        notice(f"Saved as version {version.number} of “{shown}”.")
    st.session_state[CHOSEN] = version.dataset_id
    drop(upload)
    st.rerun()
