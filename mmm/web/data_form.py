"""What a person says about an upload: what each column is, three business questions, what the file leaves open."""

from __future__ import annotations

import re
from functools import lru_cache

import streamlit as st

from mmm.data.panel import KpiKind
from mmm.services.reading import Asked, Draft
from mmm.web.components import escape
from mmm.web.data_columns import Choice, Meaning
from mmm.web.data_upload import Upload

ROWS_A_PAGE = 24  # columns of the file shown at once; each is up to three widgets
MEANING_WIDTH = 320  # pixels; the longest meaning fits
EXAMPLES = 3  # values shown beside a column's name

CURRENCIES = (
    "EUR USD GBP CHF SEK NOK DKK PLN CZK HUF RON CAD AUD NZD JPY CNY INR BRL MXN ZAR KRW SGD HKD AED SAR TRY".split()  # noqa: SIM905 - a list of codes reads as codes
)

ANSWERS = {
    "weeks": "Add up to weeks",
    "days": "Keep days",
    "sum": "Add them up",
    "first": "Keep the first",
    "last": "Keep the last",
    "zero": "Nothing was spent: read as zero",
    "unknown": "Unknown: leave those periods out of fitting",
    "credit": "A credit: take it off earlier spend",
    "keep": "Keep it in its own period, taken off that period's other rows",
    "comma": "A comma: 1,234 is a little over one",
    "point": "A point: 1,234 is over a thousand",
    "dmy": "Day first: 3 April",
    "mdy": "Month first: 4 March",
}
_IN_QUESTION = {("negative_spend", "zero"): "A mistake: read as zero"}


def column_rows(upload: Upload) -> None:
    """One row for each column of the file: its name with examples, and what it means."""
    columns = list(upload.choices)
    pages = -(-len(columns) // ROWS_A_PAGE)
    page = 1
    if pages > 1:
        page = st.pagination(pages, key=upload.key("page"))
        st.caption(f"{len(columns)} columns; {ROWS_A_PAGE} are shown at a time.")
    shown = range((page - 1) * ROWS_A_PAGE, min(page * ROWS_A_PAGE, len(columns)))
    with st.container(key="column_rows", gap="small"):
        for place in shown:
            _column_row(upload, place, columns[place])


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
            key=upload.key(place, "meaning"),
            label_visibility="collapsed",
            width=MEANING_WIDTH,
        )
        _detail(upload, place, column, choice)


def _detail(upload: Upload, place: int, column: str, choice: Choice) -> None:
    """The channel a column belongs to, where it belongs to one."""
    if choice.meaning is Meaning.SPEND:
        st.text_input(
            f"Channel of {escape(column)}",
            value=choice.channel or column,
            max_chars=60,
            key=upload.key(place, "channel"),
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
            key=upload.key(place, "spend"),
            label_visibility="collapsed",
        )
    elif choice.meaning is Meaning.MEDIATOR:
        st.caption("Kept out of models: they would credit it with the channels' effect.")


def _examples(upload: Upload, column: str) -> str:
    cells = (str(cell).strip() for cell in upload.reading.files[0].frame[column].iloc[:200])
    distinct = list(dict.fromkeys(cell for cell in cells if cell))
    shown = [cell if len(cell) <= 24 else f"{cell[:23]}…" for cell in distinct[:EXAMPLES]]
    return ", ".join(shown) or "empty"


def business_questions(upload: Upload, draft: Draft | None) -> None:
    """What the KPI is worth, the margin, the planning period; and where the money and the holidays are."""
    with st.grid(3, min_column_width=260, gap="medium", key=upload.key("business")):
        with st.container():
            _worth(upload)
        st.number_input(
            "Margin, % of revenue",
            min_value=0.1,
            max_value=100.0,
            step=1.0,
            value=None if upload.business.margin is None else upload.business.margin * 100,
            placeholder="Not known",
            key=upload.key("margin"),
            help="Profit on each unit of revenue before advertising. It says from which return on a channel pays back; "
            "without it, pages count revenue.",
        )
        with st.container():
            _period(upload, draft)
        codes = list(dict.fromkeys([upload.reading.guess.currency, upload.business.currency, *CURRENCIES]))
        st.selectbox("Currency", codes, index=codes.index(upload.business.currency), key=upload.key("currency"))
        countries = _countries()
        known = upload.business.country or ""
        st.selectbox(
            "Country",
            list(countries),
            index=list(countries).index(known) if known in countries else 0,
            format_func=countries.__getitem__,
            key=upload.key("country"),
            help="Its public holidays help to explain sales.",
        )


def _worth(upload: Upload) -> None:
    kinds = {KpiKind.REVENUE: "It is money", KpiKind.UNITS: "It is a count"}
    st.segmented_control(
        "What is the KPI worth?",
        list(kinds),
        default=upload.business.kind,
        required=True,
        format_func=lambda kind: kinds[kind],
        key=upload.key("kind"),
    )
    if upload.business.kind is KpiKind.REVENUE:
        return
    by_column = next((c for c, choice in upload.choices.items() if choice.meaning is Meaning.VALUE), None)
    if by_column is not None:
        st.caption(f"The column “{escape(by_column)}” says what one unit is worth.")
        return
    st.number_input(
        f"Value of one unit, {escape(upload.business.currency)}",
        min_value=0.0001,
        step=1.0,
        value=upload.business.value,
        placeholder="Not known",
        key=upload.key("value"),
        help="Without it, pages show cost per unit and never a return in money.",
    )


def _period(upload: Upload, draft: Draft | None) -> None:
    asked = next((a for a in draft.asked if a.question.code == "roll_up"), None) if draft is not None else None
    if asked is not None:
        _radio(upload, asked, label="Planning period: the file has a row for each day")
        return
    panel = draft.result.panel if draft is not None else None
    with st.container(gap="xsmall"):
        st.markdown("Planning period")
        if panel is None:
            st.caption("Known as soon as the columns and the questions are settled.")
        else:
            st.caption(f"A {panel.labels.frequency.value}, as the file is written.")


def open_questions(upload: Upload, draft: Draft) -> None:
    """What only a person can know about the rows; nothing is assumed."""
    for asked in draft.asked:
        if asked.question.code != "roll_up":
            _radio(upload, asked, label=asked.question.message)


def _radio(upload: Upload, asked: Asked, *, label: str) -> None:
    options = list(asked.question.options)
    code = asked.question.code
    st.radio(
        escape(label),
        options,
        index=options.index(asked.answer) if asked.answer is not None else None,
        format_func=lambda option: _IN_QUESTION.get((code, option), ANSWERS.get(option, option)),
        key=upload.key("question", code),
    )


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """ISO code to name of every country whose holidays are known, by name; "" for none comes first."""
    from holidays.registry import COUNTRIES

    named = {entry[1]: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", entry[0]) for entry in COUNTRIES.values()}
    return {"": "No public holidays", **dict(sorted(named.items(), key=lambda item: item[1]))}
