"""The desk: an upload from its first look to the press of Save."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import streamlit as st

from mmm.data.findings import Severity, counted
from mmm.data.sources.source import Layout
from mmm.errors import MMMError
from mmm.services.reading import Draft
from mmm.web.cards import folded_cards, summary
from mmm.web.components import escape, page_header
from mmm.web.data_business import business_questions, open_questions
from mmm.web.data_channels import channels_section
from mmm.web.data_columns import Meaning
from mmm.web.data_continue import continuing_section
from mmm.web.data_files import file_questions, files_section, shape_words
from mmm.web.data_form import column_rows
from mmm.web.data_seen import findings_table, refusals, table_as_read, totals_table
from mmm.web.data_upload import Upload, drop, notice
from mmm.web.holder import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmm.access.actor import Actor
    from mmm.services.datasets import DatasetInfo

CHOSEN = "data_dataset"  # session key of the data set that the page shows


def desk(actor: Actor, upload: Upload, datasets: Sequence[DatasetInfo]) -> None:
    """Everything about one upload, in the order a person works through it."""
    if upload.reading.raw is None:
        _files_first(actor, upload)
        return
    contradictions = upload.problems()
    draft = None if contradictions else upload.draft(actor)
    page_header(headline(upload, draft, contradictions), shape_words(upload))
    for problem in contradictions:
        st.warning(escape(problem))
    if contradictions and _without_sales(upload):
        st.info("A platform's report does not hold your own sales. Add the file with them under “Add another file”.")
    if draft is not None:
        refusals(draft.refusals)
    files_section(actor, upload)
    _questions(upload, draft)
    continuing_section(upload, draft)
    channels_section(actor, upload)
    st.subheader("What each column is", anchor=False)
    column_rows(upload)
    st.subheader("About the business", anchor=False)
    business_questions(upload, draft)
    if draft is not None:
        _about(upload, draft)
    _table(upload)
    _save(actor, upload, draft, datasets)


def _files_first(actor: Actor, upload: Upload) -> None:
    """Files that are no table yet: what they leave open, or what stands in the way."""
    assembly = upload.reading.assembly
    refused = [finding for finding in assembly.findings if finding.severity is Severity.REFUSE]
    waiting = [place for place in upload.asked if place not in upload.told]
    name = _named(upload)
    if refused:
        title = f"{name} cannot be used as {'it is' if len(upload.files) == 1 else 'they are'}."
    else:
        title = f"{name} {_leave(upload)} {counted(len(waiting), 'question')} that only you can answer."
    page_header(title, shape_words(upload))
    refusals(refused)
    files_section(actor, upload)
    _questions(upload, None)
    channels_section(actor, upload)
    if assembly.findings:
        st.subheader("What was noticed", anchor=False)
        findings_table(assembly.findings, key=upload.key("findings"))
    with st.container(horizontal=True, vertical_alignment="center"):
        _discard(upload)
        st.caption("What the columns are is asked once the files are one table.", width="content")


def headline(upload: Upload, draft: Draft | None, contradictions: Sequence[str]) -> str:
    """Where this upload stands, in a sentence."""
    name, many = _named(upload), len(upload.files) > 1
    if draft is None:
        was = "were" if many else "was"
        return f"{name} {was} read; {counted(len(contradictions), 'point')} about the columns to settle."
    if draft.refusals:
        return f"{name} cannot be used as {'they are' if many else 'it is'}."
    waiting = len(draft.open)
    if waiting:
        return f"{name} {_leave(upload)} {counted(waiting, 'question')} that only you can answer."
    panel = draft.result.panel
    if panel is None:
        return f"{name} {'do' if many else 'does'} not make a data set yet."
    shape = (
        f"{counted(panel.n_periods, panel.labels.frequency.value)} of {counted(len(panel.labels.channels), 'channel')}"
    )
    markets = len(panel.labels.markets)
    where = f" in {markets} markets" if markets > 1 else ""
    return f"{name} {'are' if many else 'is'} ready to be saved: {shape}{where}."


def _named(upload: Upload) -> str:
    if len(upload.files) == 1:
        return f"“{upload.files[0].name}”"
    return f"{len(upload.files)} files"


def _leave(upload: Upload) -> str:
    return "leave" if len(upload.files) > 1 else "leaves"


def _questions(upload: Upload, draft: Draft | None) -> None:
    """What only a person can know: about whole files, and about their rows."""
    about_rows = draft.asked if draft is not None and not draft.refusals else ()
    if not (upload.asked or upload.said or about_rows):
        return
    st.subheader(f"What the {'files leave' if len(upload.files) > 1 else 'file leaves'} open", anchor=False)
    file_questions(upload)
    if draft is not None and about_rows:
        open_questions(upload, draft)


def _without_sales(upload: Upload) -> bool:
    """Whether every file is a report of campaigns, and nobody has chosen one of its columns as the KPI."""
    reports = all(source.layout is Layout.ROWS for source in upload.reading.assembly.recipe.sources)
    return reports and not any(choice.meaning is Meaning.KPI for choice in upload.choices.values())


def _table(upload: Upload) -> None:
    """The table that the columns above belong to, without what is personal in it."""
    raw = upload.reading.raw
    if raw is None:
        return
    many = len(upload.files) > 1
    with st.expander("The files as one table" if many else "The table as read", key=upload.key("shown")):
        hidden = [column for column in raw.columns if column in upload.reading.personal]
        table_as_read(raw.frame.drop(columns=hidden), total=len(raw.frame), key=upload.key("table"))
        if hidden:
            st.caption(f"Not shown here, because it looks personal: {escape(', '.join(hidden))}.")


def _about(upload: Upload, draft: Draft) -> None:
    """What was noticed, totals, and what the data can teach."""
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
            folded_cards(draft.checks, key=upload.key("checks"))


def _save(actor: Actor, upload: Upload, draft: Draft | None, datasets: Sequence[DatasetInfo]) -> None:
    st.subheader("Save", anchor=False)
    target, name = _target(upload, datasets)
    _kept(upload)
    ready = draft is not None and draft.ready
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Save", type="primary", key=upload.key("save"), disabled=not ready)
        _discard(upload)
        if not ready:
            st.caption(_missing(draft), width="content")
    if pressed and draft is not None and ready:
        _store(actor, upload, draft, target, name)


def _kept(upload: Upload) -> None:
    """What is not stored, and what only as codes."""
    if upload.left_out:
        st.caption(f"Not stored, because it looks personal or you left it out: {escape(', '.join(upload.left_out))}.")
    if upload.pseudonyms:
        st.caption(f"Stored as pseudonyms: {escape(', '.join(upload.pseudonyms))}.")


def _discard(upload: Upload) -> None:
    if st.button("Discard this upload", type="tertiary", key=upload.key("discard")):
        drop(upload)
        st.rerun()


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
            value=_called(upload),
            max_chars=200,
            key=upload.key("name"),
        )
    return None, name


def _called(upload: Upload) -> str:
    """A first name for a new data set: that of the file with the company's own table, where there is one."""
    sources = upload.reading.assembly.recipe.sources
    own = next((source.name for source in sources if source.layout is Layout.TABLE), upload.files[0].name)
    return PurePath(own).stem[:80]


def _missing(draft: Draft | None) -> str:
    if draft is None:
        return "Settle the points about the columns first."
    if draft.refusals:
        return "Something stands in the way; it is said on top of the page."
    if draft.open:
        return f"Answer {counted(len(draft.open), 'question')} first."
    return "The file gives no data set yet."


def _store(actor: Actor, upload: Upload, draft: Draft, target: DatasetInfo | None, name: str) -> None:
    continues = target is not None and target.id == upload.reading.dataset_id
    try:
        with st.spinner("Saving"):
            stored = services().desk.store(
                actor,
                upload.reading,
                draft.mapping,
                name=name,
                dataset_id=target.id if target is not None else None,
                leave_out=upload.left_out,
                pseudonyms=upload.pseudonyms,
                how=upload.continuing if continues else "replace",
                answers=upload.answers,
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
