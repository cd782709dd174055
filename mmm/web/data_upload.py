"""One upload between arriving and being saved, kept in this tab's session only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from mmm.data.read import MAX_FILE_BYTES
from mmm.errors import MMMError
from mmm.services.reading import Draft, Reading, unanswered
from mmm.web.components import escape
from mmm.web.data_columns import Business, Choice, Meaning, business_of, choices_of, mapping_of, problems
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.services.datasets import DatasetInfo

TYPES = ["csv", "tsv", "txt", "xlsx", "xlsm"]  # a hint for the file dialogue; the content decides
MAX_MB = MAX_FILE_BYTES // 2**20

_UPLOAD, _BOX, _OPEN, _REFUSED, _NOTICE = "data_upload", "data_box", "data_box_open", "data_refused", "data_notice"


@dataclass
class Upload:
    """A file as read, and what the person has said about it so far. Widgets come and go with the page; this stays."""

    reading: Reading
    choices: dict[str, Choice]
    business: Business
    answers: dict[str, str]
    drafted: tuple[object, Draft] | None = field(default=None, repr=False)

    def key(self, *parts: object) -> str:
        """A widget key of this upload alone."""
        return "_".join(["desk", self.reading.id, *(str(part) for part in parts)])

    def problems(self) -> list[str]:
        """Contradictions between the columns' meanings."""
        return problems(self.choices)

    def draft(self, actor: Actor) -> Draft:
        """What would be saved now; read again only when an answer changed."""
        mapping = mapping_of(self.choices, self.business)
        asked = (mapping.to_json(), tuple(sorted(self.answers.items())))
        if self.drafted is None or self.drafted[0] != asked:
            self.drafted = (asked, services().desk.draft(actor, self.reading, mapping, self.answers))
        return self.drafted[1]

    @property
    def left_out(self) -> tuple[str, ...]:
        """Columns that are not stored even as read."""
        return tuple(column for column, choice in self.choices.items() if choice.meaning is Meaning.LEFT_OUT)


def current() -> Upload | None:
    """The upload of this tab, brought up to date with its widgets."""
    upload: Upload | None = st.session_state.get(_UPLOAD)
    if upload is not None:
        _take_over(upload)
    return upload


def upload_box(actor: Actor, dataset: DatasetInfo | None) -> None:
    """Where a file is handed over; it is read once, and a refusal stays visible until the next file."""
    continues = dataset is not None and _continues(dataset)
    st.session_state.setdefault(_BOX, 0)
    box = st.file_uploader(
        f"CSV or Excel workbook, at most {MAX_MB} MB",
        type=TYPES,
        key=f"data_box_{st.session_state[_BOX]}",
        max_upload_size=MAX_MB,
        help="One row for each day, week or month (and market), one column for each channel's spend.",
    )
    if box is None:
        st.session_state.pop(_REFUSED, None)
        return
    target = dataset.id if dataset is not None and continues else None
    asked = (box.file_id, target)
    refused: tuple[object, str] | None = st.session_state.get(_REFUSED)
    if refused is None or refused[0] != asked:
        _read(actor, box.name, box.getvalue(), target, asked)
        refused = st.session_state.get(_REFUSED)
    if refused is not None:
        st.error(escape(refused[1]))
        st.caption("Nothing was stored, and nothing stored before has changed.")


def _continues(dataset: DatasetInfo) -> bool:
    name = escape(dataset.name)
    chosen = st.segmented_control(
        "This file",
        [True, False],
        default=True,
        required=True,
        format_func=lambda value: f"continues “{name}”" if value else "is another data set",
        key=f"data_continues_{dataset.id}",
    )
    return bool(chosen)


def _read(actor: Actor, name: str, content: bytes, dataset_id: str | None, asked: object) -> None:
    try:
        with st.spinner("Reading the file"):
            reading = services().desk.read(actor, name=name, content=content, dataset_id=dataset_id)
    except MMMError as problem:
        st.session_state[_REFUSED] = (asked, str(problem))
        return
    begin(reading)
    st.rerun()


def begin(reading: Reading) -> None:
    """Start the conversation about a file with what its columns probably mean."""
    mapping, answers = unanswered(reading.guess)
    st.session_state[_UPLOAD] = Upload(
        reading, choices_of(mapping, _columns(reading), reading.personal), business_of(mapping), answers
    )


def _columns(reading: Reading) -> tuple[str, ...]:
    return () if reading.raw is None else reading.raw.columns


def drop(upload: Upload | None = None) -> None:
    """Forget the upload and its bytes; the next visit starts with an empty box."""
    for key in (_UPLOAD, _OPEN, _REFUSED):
        st.session_state.pop(key, None)
    st.session_state[_BOX] = st.session_state.get(_BOX, 0) + 1
    if upload is not None:
        for key in [key for key in st.session_state if str(key).startswith(upload.key())]:
            del st.session_state[key]


def box_open() -> bool:
    """Whether the person asked for the box beside existing data."""
    return bool(st.session_state.get(_OPEN))


def open_box(*, shown: bool = True) -> None:
    """Show or hide the box beside existing data."""
    st.session_state[_OPEN] = shown


def notice(text: str | None = None) -> str | None:
    """Leave a sentence for the next run, or take the one that was left."""
    if text is not None:
        st.session_state[_NOTICE] = text
        return None
    left: str | None = st.session_state.pop(_NOTICE, None)
    return left


def _take_over(upload: Upload) -> None:
    """What the widgets say now, before anything is drawn: so the headline is never one click behind."""
    state = st.session_state
    for place, (column, choice) in enumerate(upload.choices.items()):
        meaning = state.get(upload.key(place, "meaning"), choice.meaning)
        channel = state.get(upload.key(place, "channel"), choice.channel)
        spend = state.get(upload.key(place, "spend"), choice.spend)
        upload.choices[column] = Choice(Meaning(meaning), channel or "", spend)
    upload.business = _business(upload)
    prefix = upload.key("question", "")
    for key in [key for key in state if str(key).startswith(prefix)]:
        if state[key] is not None:
            upload.answers[str(key).removeprefix(prefix)] = state[key]


def _business(upload: Upload) -> Business:
    known = upload.business

    def said(name: str, otherwise: Any) -> Any:  # noqa: ANN401 - a widget's value
        return st.session_state.get(upload.key(name), otherwise)

    percent = said("margin", None if known.margin is None else known.margin * 100)
    return replace(
        known,
        kind=said("kind", known.kind),
        value=said("value", known.value),
        margin=None if percent is None else percent / 100,
        currency=said("currency", known.currency),
        country=said("country", known.country) or None,
    )
