"""One upload between arriving and being saved, kept in this tab's session only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from mmm.data.findings import Question
from mmm.data.guess import with_kpi as with_guessed_kind
from mmm.data.mapping import Mapping as ColumnMapping
from mmm.data.sources.assemble import answer_recipe
from mmm.data.sources.channels import ChannelSum, channel_sums
from mmm.data.sources.source import Recipe
from mmm.errors import MMMError
from mmm.services.reading import Draft, Reading, unanswered
from mmm.services.reading import Upload as File
from mmm.services.versions import How
from mmm.web.components import escape
from mmm.web.data_answers import country_code
from mmm.web.data_columns import (
    Business,
    Choice,
    Meaning,
    business_of,
    choices_of,
    kpi_of,
    mapping_of,
    problems,
    with_kpi,
)
from mmm.web.data_words import Seen, distinct, seen
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor

_UPLOAD, _BOX, _OPEN, _REFUSED, _NOTICE = "data_upload", "data_box", "data_box_open", "data_refused", "data_notice"
BOX = _BOX


@dataclass
class Upload:
    """Files as read, and what the person has said about them so far. Widgets come and go with the page; this stays.

    Attributes:
        id: stays when files come and go, unlike the reading's.
        files: what was handed over and could be read.
        reading: the files as read, and as joined.
        refused: name and reason of what was handed over beside them and could not be read.
        choices: what each column of the joined table is.
        edited: columns whose meaning the person chose.
        answers: to the questions about rows, by code.
        asked: questions about the files, by the place of the recipe that the answer goes to.
        told: their answers.
        how: whether the data set goes on or is replaced; None until the person or a suggestion says it.
        turn: counts how often the columns changed as a whole, so that widgets of other columns are not mistaken.
        said: why the last change of the files' recipe was not possible, or "".
        fates: what becomes of personal columns of files that are not columns of the joined table.
        countries_before: what the editor of the markets' countries started from.
    """

    id: str
    files: tuple[File, ...]
    reading: Reading
    choices: dict[str, Choice]
    business: Business
    answers: dict[str, str]
    refused: tuple[tuple[str, str], ...] = ()
    edited: set[str] = field(default_factory=set)
    asked: dict[str, Question] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    how: How | None = None
    turn: int = 0
    said: str = ""
    fates: dict[str, Meaning] = field(default_factory=dict)
    countries_before: tuple[tuple[str, str], ...] = ()
    looked: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False)
    drafted: tuple[object, Draft] | None = field(default=None, repr=False)

    def key(self, *parts: object) -> str:
        """A widget key of this upload alone."""
        return "_".join(["desk", self.id, *(str(part) for part in parts)])

    def column_key(self, place: int, what: str) -> str:
        """A widget key of the column at `place` of the table as it is now."""
        return self.key("column", self.turn, place, what)

    def problems(self) -> list[str]:
        """Contradictions between the columns' meanings."""
        return problems(self.choices)

    def draft(self, actor: Actor) -> Draft:
        """What would be saved now; read again only when an answer changed."""
        mapping = mapping_of(self.choices, self.business)
        asked = (id(self.reading), mapping.to_json(), tuple(sorted(self.answers.items())), self.continuing)
        if self.drafted is None or self.drafted[0] != asked:
            draft = services().desk.draft(actor, self.reading, mapping, self.answers, how=self.continuing)
            self.drafted = (asked, draft)
        return self.drafted[1]

    @property
    def continuing(self) -> How:
        """Whether the new figures go on from the version before, or stand in its place."""
        if self.reading.parent is None:
            return "replace"
        return self.how or ("append" if self.reading.suggested == "append" else "replace")

    @property
    def markets(self) -> tuple[str, ...]:
        """Names in the market column; empty where there is none."""
        column, raw = next(iter(self._with(Meaning.MARKET)), None), self.reading.raw
        if column is None or raw is None:
            return ()
        found: tuple[str, ...] = self._once(("markets", column), lambda: distinct(raw, column))
        return found

    def seen(self, place: int) -> Seen:
        """What the file at `place` was recognised as."""
        assembly, raw = self.reading.assembly, self.reading.files[place]
        totals = assembly.totals[place] if place < len(assembly.totals) else {}
        date = self.reading.guess.date if len(self.files) == 1 else ""
        found: Seen = self._once(("seen", place), lambda: seen(assembly.recipe.sources[place], raw, totals, date))
        return found

    def channel_sums(self, place: int) -> tuple[ChannelSum, ...]:
        """The channels that the rules make of the file at `place`; nothing where the rules cannot be used."""
        source, raw = self.reading.assembly.recipe.sources[place], self.reading.files[place]

        def sums() -> tuple[ChannelSum, ...]:
            try:
                return channel_sums(raw, source)
            except MMMError:  # said among the findings already, with what to do
                return ()

        found: tuple[ChannelSum, ...] = self._once(("sums", place), sums)
        return found

    def _once(self, what: tuple[object, ...], make: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is made
        """Looked up once for a reading, not at every click."""
        key = (id(self.reading), *what)
        if key not in self.looked:
            self.looked[key] = make()
        return self.looked[key]

    @property
    def left_out(self) -> tuple[str, ...]:
        """Columns that are not stored even as read."""
        return self._with(Meaning.LEFT_OUT)

    @property
    def pseudonyms(self) -> tuple[str, ...]:
        """Columns that are stored as pseudonyms."""
        return self._with(Meaning.PSEUDONYM)

    def change(self, choices: dict[str, Choice]) -> None:
        """Take over what many columns are at once."""
        self.edited |= {column for column, choice in choices.items() if choice != self.choices[column]}
        self.choices = choices
        self.turn += 1

    def _with(self, meaning: Meaning) -> tuple[str, ...]:
        """Columns of the table, and personal ones that are none of its columns, with this meaning."""
        chosen = [column for column, choice in self.choices.items() if choice.meaning is meaning]
        return (*chosen, *(column for column in self.outside if self.fates.get(column, Meaning.LEFT_OUT) is meaning))

    @property
    def outside(self) -> tuple[str, ...]:
        """Personal columns of files that are not columns of the joined table."""
        return tuple(column for column in self.reading.personal if column not in self.choices)


def current(actor: Actor) -> Upload | None:
    """The upload of this tab, brought up to date with its widgets."""
    upload: Upload | None = st.session_state.get(_UPLOAD)
    if upload is not None:
        _take_over(actor, upload)
    return upload


def begin(reading: Reading, files: Sequence[File], refused: Sequence[tuple[str, str]] = ()) -> None:
    """Start the conversation about files with what their columns probably mean."""
    mapping, answers = unanswered(reading.guess)
    upload = Upload(
        reading.id, tuple(files), reading, _guessed(reading, mapping), _told(reading, mapping), answers, tuple(refused)
    )
    _note_questions(upload)
    st.session_state[_UPLOAD] = upload


def read_again(actor: Actor, upload: Upload, files: Sequence[File], recipe: Recipe | None = None) -> None:
    """The upload with other files; what was said about columns that are still there stays.

    Raises:
        MMMError: they cannot be read together.
    """
    found = services().desk.read_files(actor, files, dataset_id=upload.reading.dataset_id, recipe=recipe)
    upload.files = tuple(files)
    upload.asked, upload.told = {}, {}
    _adopt(upload, found)


def apply_recipe(actor: Actor, upload: Upload, recipe: Recipe) -> None:
    """The same files under another recipe; what stands against it is kept in `said`."""
    try:
        _adopt(upload, services().desk.reassemble(actor, upload.reading, recipe))
        upload.said = ""
    except MMMError as problem:
        upload.said = str(problem)


def drop(upload: Upload | None = None) -> None:
    """Forget the upload and its bytes; the next visit starts with an empty box."""
    for key in (_UPLOAD, _OPEN, _REFUSED):
        st.session_state.pop(key, None)
    next_box()
    if upload is not None:
        for key in [key for key in st.session_state if str(key).startswith(upload.key())]:
            del st.session_state[key]


def next_box() -> None:
    """Empty the box: a new key is a new widget."""
    st.session_state[_BOX] = st.session_state.get(_BOX, 0) + 1


def refused_before(asked: object) -> tuple[tuple[str, str], ...] | None:
    """Why the files with the key `asked` were refused, or None where they were not read yet."""
    kept: tuple[object, tuple[tuple[str, str], ...]] | None = st.session_state.get(_REFUSED)
    return kept[1] if kept is not None and kept[0] == asked else None


def remember_refused(asked: object, refused: Sequence[tuple[str, str]]) -> None:
    """Keep why files were refused until other files are chosen."""
    st.session_state[_REFUSED] = (asked, tuple(refused))


def forget_refused() -> None:
    """The box is empty again."""
    st.session_state.pop(_REFUSED, None)


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


def attempt(act: Callable[[], object], said: str) -> None:
    """Do what a button promised: leave a sentence and draw the page anew, or say here why it could not be done."""
    try:
        act()
    except MMMError as problem:
        st.error(escape(problem))
        return
    notice(said)
    st.rerun()


def _guessed(reading: Reading, mapping: ColumnMapping) -> dict[str, Choice]:
    return choices_of(mapping, reading.raw.columns, reading.personal) if reading.raw is not None else {}


def _told(reading: Reading, mapping: ColumnMapping) -> Business:
    """The business as the mapping has it, with the currency that the files are in where they say so."""
    business, currency = business_of(mapping), reading.assembly.recipe.currency
    return replace(business, currency=currency) if currency and reading.parent is None else business


def _adopt(upload: Upload, reading: Reading) -> None:
    """Take over another reading of the upload, and keep what the person chose for columns that are still there."""
    mapping, _ = unanswered(reading.guess)
    guessed = _guessed(reading, mapping)
    if upload.key("currency") not in st.session_state:  # nobody was asked yet
        upload.business = replace(upload.business, currency=_told(reading, mapping).currency)
    upload.reading = reading
    upload.edited &= set(guessed)
    upload.choices = {**guessed, **{column: upload.choices[column] for column in upload.edited}}
    upload.turn += 1
    _note_questions(upload)


def _note_questions(upload: Upload) -> None:
    """Questions about the files stay on the page after they are answered, so that an answer can be changed."""
    upload.asked |= {question.mapping_field: question for question in upload.reading.assembly.questions}


def _take_over(actor: Actor, upload: Upload) -> None:
    """What the widgets say now, before anything is drawn: so the headline is never one click behind."""
    state = st.session_state
    _take_over_files(actor, upload)
    before = kpi_of(upload.choices)
    for place, (column, choice) in enumerate(upload.choices.items()):
        meaning = state.get(upload.column_key(place, "meaning"), choice.meaning)
        channel = state.get(upload.column_key(place, "channel"), choice.channel)
        spend = state.get(upload.column_key(place, "spend"), choice.spend)
        said = Choice(Meaning(meaning), channel or "", spend)
        if said != choice:
            upload.choices[column] = said
            upload.edited.add(column)
    upload.business = _business(upload)
    _take_over_kpi(upload, before)
    upload.how = state.get(upload.key("how"), upload.how)
    for column in upload.outside:
        fate = state.get(upload.key("fate", column))
        if fate is not None:
            upload.fates[column] = Meaning(fate)
    prefix = upload.key("question", "")
    for key in [key for key in state if str(key).startswith(prefix)]:
        if state[key] is not None:
            upload.answers[str(key).removeprefix(prefix)] = state[key]


def _take_over_kpi(upload: Upload, before: str | None) -> None:
    """A KPI chosen among the columns answers the question which it is, and the answer changes the columns."""
    radio, now = upload.key("question", "kpi"), kpi_of(upload.choices)
    if now is not None and now != before:
        upload.answers["kpi"] = now
        if radio in st.session_state:
            st.session_state[radio] = now
        return
    told = st.session_state.get(radio)
    if told is not None and told != upload.answers.get("kpi") and told in upload.choices:
        kind = with_guessed_kind(mapping_of(upload.choices, upload.business), told).kpi_kind
        upload.change(with_kpi(upload.choices, told))
        upload.business = replace(upload.business, kind=kind)


def _take_over_files(actor: Actor, upload: Upload) -> None:
    """Answers about the files change how they are read, so they come before everything else."""
    recipe = upload.reading.assembly.recipe
    for place, question in upload.asked.items():
        said = st.session_state.get(upload.key("file_question", place))
        if said is not None and said != upload.told.get(place):
            recipe = answer_recipe(recipe, question, said)
            upload.told[place] = said
    if recipe != upload.reading.assembly.recipe:
        apply_recipe(actor, upload, recipe)


def _business(upload: Upload) -> Business:
    known = upload.business

    def said(name: str, otherwise: Any) -> Any:  # noqa: ANN401 - a widget's value
        return st.session_state.get(upload.key(name), otherwise)

    percent = said("margin", None if known.margin is None else known.margin * 100)
    return replace(
        known,
        kind=st.session_state.get(upload.key("kind", upload.turn), known.kind),
        value=said("value", known.value),
        margin=None if percent is None else percent / 100,
        currency=said("currency", known.currency),
        country=said("country", known.country) or None,
        countries=_countries(upload),
        week_start=said("week_start", known.week_start),
        captures_demand=tuple(said("captures_demand", known.captures_demand)),
    )


def _countries(upload: Upload) -> tuple[tuple[str, str], ...]:
    """The markets' countries: what the editor started from, and what was changed in it since."""
    state = st.session_state.get(upload.key("countries", upload.turn))
    if state is None:  # not on the page: what was chosen is what it will start from
        upload.countries_before = upload.business.countries
        return upload.business.countries
    chosen, markets = dict(upload.countries_before), upload.markets
    for row, cells in state["edited_rows"].items():
        if "Country" in cells and int(row) < len(markets):
            chosen[markets[int(row)]] = country_code(cells["Country"] or "")
    return tuple((market, code) for market, code in chosen.items() if code)
