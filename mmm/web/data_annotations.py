"""What happened when: launches, promotions, outages, noted once and drawn on every chart over time."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, get_args

import pandas as pd
import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.marks import Kind
from mmm.data.findings import counted
from mmm.services.annotations import MAX_TEXT, Annotation
from mmm.web.data_upload import attempt
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.data.panel import Panel
    from mmm.services.datasets import DatasetInfo

KINDS = list(get_args(Kind))
EVERYWHERE = "All markets"


def annotations_tab(actor: Actor, dataset: DatasetInfo, panel: Panel) -> None:
    """The list, and for those who may upload a form to add, change and remove."""
    found = services().annotations.all(actor, dataset.id)
    if found:
        _table(found)
    else:
        st.markdown(
            "Nothing is noted yet. A launch, a promotion or an outage noted here is drawn on every chart over time, so "
            "that a jump explains itself."
        )
    if actor.may(Permission.UPLOAD_DATA):
        _editor(actor, dataset, panel, found)


def _table(found: tuple[Annotation, ...]) -> None:
    rows = [
        {
            "From": note.first,
            "To": note.last,
            "Kind": note.kind.capitalize(),
            "What happened": note.text,
            "Market": note.market or EVERYWHERE,
            "Noted by": note.created_by,
        }
        for note in found
    ]
    st.dataframe(
        pd.DataFrame(rows).astype({"From": "datetime64[s]", "To": "datetime64[s]"}),
        hide_index=True,
        height="content" if len(rows) <= 10 else 380,
        key="data_annotations",
        alt=f"{counted(len(rows), 'annotation')} with dates and who noted them",
        column_config={
            "From": st.column_config.DateColumn(format="D MMM YYYY"),
            "To": st.column_config.DateColumn(format="D MMM YYYY"),
            "What happened": st.column_config.TextColumn(width=360),
        },
    )


def _editor(actor: Actor, dataset: DatasetInfo, panel: Panel, found: tuple[Annotation, ...]) -> None:
    """One form for a new annotation or a stored one."""
    by_id = {note.id: note for note in found}
    chosen: str | None = None
    if by_id:
        chosen = st.selectbox(
            "Add or change",
            [None, *by_id],
            format_func=lambda key: "A new annotation" if key is None else _named(by_id[key]),
            key=f"data_note_{dataset.id}_{len(by_id)}",
            width=400,
        )
    note = by_id.get(chosen) if chosen is not None else None
    with st.form(f"data_note_form_{dataset.id}_{chosen}_{len(by_id)}", width=720):
        _form(actor, dataset, panel, note)


def _form(actor: Actor, dataset: DatasetInfo, panel: Panel, note: Annotation | None) -> None:
    last = panel.periods[-1].astype("datetime64[D]").item()
    kind_side, first_side, last_side = st.columns(3)
    kind = kind_side.selectbox(
        "Kind", KINDS, index=KINDS.index(note.kind) if note else 0, format_func=str.capitalize, key=_key(note, "kind")
    )
    first = first_side.date_input("First day", value=note.first if note else last, key=_key(note, "first"))
    until = last_side.date_input("Last day", value=note.last if note else last, key=_key(note, "last"))
    text = st.text_input("What happened", value=note.text if note else "", max_chars=MAX_TEXT, key=_key(note, "text"))
    market = _market(panel, note)
    with st.container(horizontal=True):
        saved = st.form_submit_button("Change it" if note else "Add", type="primary")
        removed = note is not None and st.form_submit_button("Remove", type="tertiary")
    if removed and note is not None:
        attempt(lambda: services().annotations.remove(actor, note.id), "The annotation is removed.")
    elif saved:
        _save(actor, dataset, note, (kind, first, until, text, market))


def _save(
    actor: Actor,
    dataset: DatasetInfo,
    note: Annotation | None,
    said: tuple[str, date, date, str, str | None],
) -> None:
    kind, first, last, text, market = said
    service = services().annotations
    if note is None:
        attempt(
            lambda: service.add(actor, dataset.id, kind=kind, first=first, last=last, text=text, market=market),
            "The annotation is drawn on every chart over time.",
        )
    else:
        attempt(
            lambda: service.change(actor, note.id, kind=kind, first=first, last=last, text=text, market=market),
            "The annotation is changed.",
        )


def _market(panel: Panel, note: Annotation | None) -> str | None:
    """Where it happened, in data of several markets."""
    if len(panel.labels.markets) < 2:
        return None
    options = [EVERYWHERE, *panel.labels.markets]
    known = note.market if note is not None and note.market in options else EVERYWHERE
    chosen = st.selectbox("Where", options, index=options.index(known), key=_key(note, "market"))
    return None if chosen == EVERYWHERE else chosen


def _key(note: Annotation | None, what: str) -> str:
    return f"data_note_{note.id if note else 'new'}_{what}"


def _named(note: Annotation) -> str:
    return f"{note.first:%-d %b %Y}: {note.text}"
