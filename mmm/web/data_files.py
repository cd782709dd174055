"""The files of an upload: what each was recognised as, what it adds up to, and what only a person knows about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from mmm.data.findings import counted
from mmm.data.sources.source import Recipe
from mmm.errors import MMMError
from mmm.services.reading import Upload as File
from mmm.web.components import escape
from mmm.web.data_answers import answer_words
from mmm.web.data_box import add_box, show_refused
from mmm.web.data_columns import Meaning
from mmm.web.data_seen import dialect_words
from mmm.web.data_upload import Upload, read_again

if TYPE_CHECKING:
    from mmm.access.actor import Actor

_FATES = [Meaning.LEFT_OUT, Meaning.PSEUDONYM, Meaning.UNUSED]


def files_section(actor: Actor, upload: Upload) -> None:
    """A quiet row for each file, and a box for another."""
    show_refused(upload.refused)
    with st.container(key="file_rows", gap="medium"):
        for place, file in enumerate(upload.files):
            _file_row(actor, upload, place, file)
    with st.expander("Add another file", key=upload.key("add")):
        add_box(actor, upload)


def file_questions(upload: Upload) -> None:
    """What only a person can know about whole files; asked once, and remembered with the data set."""
    if upload.said:
        st.error(escape(upload.said))
    for place, question in upload.asked.items():
        options = list(question.options)
        told = upload.told.get(place)
        st.radio(
            escape(question.message),
            options,
            index=options.index(told) if told in options else None,
            format_func=lambda option, code=question.code: answer_words(code, option),
            key=upload.key("file_question", place),
        )


def _file_row(actor: Actor, upload: Upload, place: int, file: File) -> None:
    raw = upload.reading.files[place]
    found = upload.seen(place)
    with st.container(horizontal=True, gap="small", vertical_alignment="top"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{escape(file.name)}**")
            st.markdown(escape(found.what))
            st.caption(" · ".join(escape(fact) for fact in dialect_words(raw)))
            if found.totals:
                st.caption(f"Totals: {' · '.join(escape(total) for total in found.totals)}")
            _hidden(upload, place)
        _sheet(actor, upload, place)
        if len(upload.files) > 1 and st.button(
            "Remove", type="tertiary", key=upload.key("remove", place), help=f"Leave out {escape(file.name)}"
        ):
            _without(actor, upload, place)


def _hidden(upload: Upload, place: int) -> None:
    """Personal columns of this file that are none of the joined table's, with their kind and what becomes of them."""
    here = [column for column in upload.reading.files[place].columns if column in upload.outside]
    if not here:
        return
    with st.expander(
        f"{counted(len(here), 'column')} {'looks' if len(here) == 1 else 'look'} personal and "
        f"{'is' if len(here) == 1 else 'are'} not stored",
        key=upload.key("hidden", place),
    ):
        for column in here:
            st.selectbox(
                escape(f"{column} ({upload.reading.personal[column]})"),
                _FATES,
                index=_FATES.index(upload.fates.get(column, Meaning.LEFT_OUT)),
                format_func=lambda meaning: meaning.value,
                key=upload.key("fate", column),
                width=320,
            )


def _sheet(actor: Actor, upload: Upload, place: int) -> None:
    """Another sheet of a workbook is another table."""
    raw = upload.reading.files[place]
    if len(raw.sheets) < 2:
        return
    shown = raw.dialect.sheet or raw.sheets[0]
    chosen = st.selectbox("Sheet", raw.sheets, index=raw.sheets.index(shown), key=upload.key("sheet", place), width=200)
    if chosen != shown:
        files = list(upload.files)
        files[place] = replace(files[place], sheet=chosen)
        _again(actor, upload, files)


def _without(actor: Actor, upload: Upload, place: int) -> None:
    """The others keep what was said about them."""
    files = [file for at, file in enumerate(upload.files) if at != place]
    recipe = upload.reading.assembly.recipe
    sources = tuple(source for at, source in enumerate(recipe.sources) if at != place)
    _again(actor, upload, files, replace(recipe, sources=sources, kpi=None))


def _again(actor: Actor, upload: Upload, files: list[File], recipe: Recipe | None = None) -> None:
    try:
        read_again(actor, upload, files, recipe)
    except MMMError as problem:
        st.error(escape(problem))
        return
    st.rerun()


def shape_words(upload: Upload) -> list[str]:
    """How much was read, in short facts."""
    files = upload.reading.files
    if len(files) == 1:
        return [f"{len(files[0].frame):,} rows", f"{len(files[0].columns)} columns"]
    rows = sum(len(raw.frame) for raw in files)
    return [counted(len(files), "file"), f"{rows:,} rows"]
