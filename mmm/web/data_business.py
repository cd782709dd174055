"""What a person says about the business and about rows that can be read in two ways."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mmm.data.gaps import WEEKDAYS
from mmm.data.panel import KpiKind
from mmm.services.reading import Asked, Draft
from mmm.web.components import escape
from mmm.web.data_answers import SAME, answer_words, countries
from mmm.web.data_columns import Meaning, mapping_of
from mmm.web.data_upload import Upload

CURRENCIES = (
    "EUR USD GBP CHF SEK NOK DKK PLN CZK HUF RON CAD AUD NZD JPY CNY INR BRL MXN ZAR KRW SGD HKD AED SAR TRY".split()  # noqa: SIM905 - a list of codes reads as codes
)


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
            _period(draft)
        codes = list(dict.fromkeys([upload.reading.guess.currency, upload.business.currency, *CURRENCIES]))
        st.selectbox("Currency", codes, index=codes.index(upload.business.currency), key=upload.key("currency"))
        names = countries()
        known = upload.business.country or ""
        st.selectbox(
            "Country",
            list(names),
            index=list(names).index(known) if known in names else 0,
            format_func=names.__getitem__,
            key=upload.key("country"),
            help="Its public holidays help to explain sales.",
        )
    _followers(upload)
    _market_countries(upload)


def _followers(upload: Upload) -> None:
    """Which channels rise because people want to buy, and not the other way round."""
    names = list(mapping_of(upload.choices, upload.business).channels)
    if not names:
        return
    st.multiselect(
        "Channels that follow demand",
        names,
        default=[name for name in upload.business.captures_demand if name in names],
        key=upload.key("captures_demand"),
        placeholder="None: spend is decided by us",
        help="Spend on searches for your own brand rises because people already want to buy. Say so here, and "
        "the model does not take that demand for the channel's effect.",
    )


def open_questions(upload: Upload, draft: Draft) -> None:
    """What only a person can know about the rows; nothing is assumed."""
    for asked in draft.asked:
        _radio(upload, asked)
        if asked.question.code == "roll_up" and asked.answer != "days":
            st.selectbox(
                "Weeks begin on",
                range(7),
                index=upload.business.week_start,
                format_func=WEEKDAYS.__getitem__,
                key=upload.key("week_start"),
                width=240,
            )


def _worth(upload: Upload) -> None:
    kinds = {KpiKind.REVENUE: "It is money", KpiKind.UNITS: "It is a count"}
    st.segmented_control(
        "What is the KPI worth?",
        list(kinds),
        default=upload.business.kind,
        required=True,
        format_func=lambda kind: kinds[kind],
        key=upload.key("kind", upload.turn),
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


def _period(draft: Draft | None) -> None:
    panel = draft.result.panel if draft is not None else None
    with st.container(gap="xsmall"):
        st.markdown("Planning period")
        if panel is None:
            st.caption("Known as soon as the columns and the questions are settled.")
        else:
            st.caption(f"A {panel.labels.frequency.value}.")


def _market_countries(upload: Upload) -> None:
    """The country of each market, where markets do not share their public holidays."""
    markets = upload.markets
    if len(markets) < 2:
        return
    names = countries()
    told = dict(upload.countries_before)
    shown = [names[told[market]] if told.get(market) in names else SAME for market in markets]
    with st.expander("Markets in different countries", key=upload.key("markets")):
        st.caption("Every market gets the public holidays of its own country. One currency is used for all of them.")
        st.data_editor(
            pd.DataFrame({"Market": list(markets), "Country": shown}),
            hide_index=True,
            disabled=["Market"],
            height="content" if len(markets) <= 10 else 380,
            width=480,
            key=upload.key("countries", upload.turn),
            alt="The country of each market",
            column_config={"Country": st.column_config.SelectboxColumn(options=[SAME, *list(names.values())[1:]])},
        )


def _radio(upload: Upload, asked: Asked) -> None:
    options = list(asked.question.options)
    code = asked.question.code
    key = upload.key("question", code)
    known = asked.answer is not None and not (code == "kpi" and key in st.session_state)  # or a column chosen says it
    st.radio(
        escape(asked.question.message),
        options,
        index=options.index(asked.answer) if asked.answer is not None and known else None,
        format_func=lambda option: escape(answer_words(code, option)),
        key=key,
    )
