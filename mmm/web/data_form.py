"""What each column of an upload is: a row for each, a search, and a way to settle many at once."""

from __future__ import annotations

import streamlit as st

from mmm.data.findings import counted
from mmm.web.components import escape
from mmm.web.data_columns import IN_BULK, Choice, Meaning, found_columns, made_alike, rest_unused
from mmm.web.data_upload import Upload

ROWS_A_PAGE = 24  # columns of the file shown at once; each is up to three widgets
SEARCH_FROM = 13  # columns from which a search is of use
MEANING_WIDTH = 320  # pixels; the longest meaning fits
EXAMPLES = 3  # values shown beside a column's name


def column_rows(upload: Upload) -> None:
    """One row for each column of the table: its name with examples, and what it means."""
    columns = list(upload.choices)
    found = _search(upload, columns) if len(columns) >= SEARCH_FROM else columns
    pages = -(-len(found) // ROWS_A_PAGE)
    page = 1
    if pages > 1:
        page = st.pagination(pages, key=upload.key("page", upload.turn, len(found)))
        st.caption(f"{len(found)} columns; {ROWS_A_PAGE} are shown at a time.")
    places = {column: place for place, column in enumerate(columns)}
    with st.container(key="column_rows", gap="small"):
        for column in found[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE]:
            _column_row(upload, places[column], column)


def _search(upload: Upload, columns: list[str]) -> list[str]:
    """The columns searched for, and what may be done with all of them."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        wanted = st.text_input(
            "Find a column", key=upload.key("find"), placeholder="Part of its name", width=MEANING_WIDTH
        )
        found = found_columns(columns, wanted)
        if not wanted.strip():
            return columns
        chosen = st.menu_button(
            f"Make {counted(len(found), 'column')}…",
            list(IN_BULK),
            format_func=lambda meaning: meaning.value,
            key=upload.key("bulk", upload.turn),
            disabled=not found,
        )
        rest = st.button(
            "Leave the rest unused",
            key=upload.key("rest"),
            disabled=not found,
            help="Every column that was not found is stored as read and not used, but for the date, the KPI and the "
            "market.",
        )
    if chosen is not None:
        upload.change(made_alike(upload.choices, found, chosen))
        st.rerun()
    if rest:
        upload.change(rest_unused(upload.choices, found))
        st.rerun()
    if not found:
        st.caption("No column has this in its name.")
    return found


def _column_row(upload: Upload, place: int, column: str) -> None:
    choice = upload.choices[column]
    name, meaning = st.columns([1, 2], vertical_alignment="center", gap="small")
    with name, st.container(gap=None):
        st.markdown(f"**{escape(column)}**")
        st.caption(escape(_examples(upload, column)))
    with meaning, st.container(horizontal=True, gap="small"):
        st.selectbox(
            f"Meaning of {escape(column)}",
            list(Meaning),
            index=list(Meaning).index(choice.meaning),
            format_func=lambda option: option.value,
            key=upload.column_key(place, "meaning"),
            label_visibility="collapsed",
            width=MEANING_WIDTH,
        )
        _detail(upload, place, column, choice)


def _detail(upload: Upload, place: int, column: str, choice: Choice) -> None:
    """The channel a column belongs to, where it belongs to one; what becomes of it, where that is not plain."""
    if choice.meaning is Meaning.SPEND:
        st.text_input(
            f"Channel of {escape(column)}",
            value=choice.channel or column,
            max_chars=60,
            key=upload.column_key(place, "channel"),
            label_visibility="collapsed",
        )
    elif choice.meaning is Meaning.EXPOSURE:
        spends = [name for name, other in upload.choices.items() if other.meaning is Meaning.SPEND]
        st.selectbox(
            f"Channel of {escape(column)}",
            spends,
            index=spends.index(choice.spend) if choice.spend in spends else None,
            format_func=lambda name: upload.choices[name].channel or name,
            placeholder="Of which channel?",
            key=upload.column_key(place, "spend"),
            label_visibility="collapsed",
        )
    elif choice.meaning is Meaning.MEDIATOR:
        st.caption("Kept out of models: they would credit it with the channels' effect.")
    elif choice.meaning is Meaning.PSEUDONYM:
        st.caption("Each value becomes a code that only this installation can make again.")


def _examples(upload: Upload, column: str) -> str:
    """A few values; personal ones are not shown around, their kind is."""
    kind = upload.reading.personal.get(column)
    if kind is not None:
        return f"Looks personal: {kind}"
    if upload.reading.raw is None:
        return ""
    column_cells = upload.reading.raw.frame[column]
    filled = column_cells[column_cells != ""]  # a channel that began late has its first values far down
    cells = (str(cell).strip() for cell in filled.iloc[:200])
    distinct = list(dict.fromkeys(cell for cell in cells if cell))
    shown = [cell if len(cell) <= 24 else f"{cell[:23]}…" for cell in distinct[:EXAMPLES]]
    return ", ".join(shown) or "empty"
