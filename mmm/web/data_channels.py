"""The channels of a platform's report: which rows go where, what is left over, what each channel adds up to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from mmm.charts.numbers import symbol
from mmm.data.findings import counted
from mmm.data.sources.channels import ChannelSum
from mmm.data.sources.source import Layout, Recipe, Source
from mmm.web.components import escape
from mmm.web.data_rules import (
    ANYWHERE,
    CHANNEL,
    COLUMN,
    CONTAINS,
    GOES_TO,
    HOW,
    ORDER,
    PATTERN,
    TEXT,
    edited,
    rows_of,
    rule_problems,
    rules_of,
    sent,
    with_rules,
)
from mmm.web.data_upload import Upload, apply_recipe
from mmm.web.data_words import currency_of

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.data.sources.assemble import Unmatched

_HELP = """
A report has a row for each campaign; the model wants a channel. Each rule says which rows belong to one.

- Rules are tried from the top. **The first one that matches decides**, so put the particular ones before the general
  ones: “brand” before “search”.
- *contains* finds the text anywhere in the row's names, capital letters or not. *matches the pattern* takes a regular
  expression, such as `^(uk|ie)_`.
- Rows that no rule matches are not lost: they go to the channel named below the rules.
"""
MANY = 100  # texts that no rule matched which are listed; the largest spend comes first


def channels_section(actor: Actor, upload: Upload) -> None:
    """For every report of rows: the rules, what they leave over, and the channels that come out."""
    sources = upload.reading.assembly.recipe.sources
    reports = [place for place, source in enumerate(sources) if source.layout is Layout.ROWS and source.keys]
    if not reports:
        return
    st.subheader("Channels from rows", anchor=False)
    with st.expander("How rows become channels: the first match wins", key=upload.key("rules_help")):
        st.markdown(_HELP)
    for place in reports:
        with st.container(key=upload.key("channels", place)):
            if len(reports) > 1 or len(upload.files) > 1:
                st.markdown(f"**{escape(sources[place].label or sources[place].name)}**")
            _report(actor, upload, place)


def _report(actor: Actor, upload: Upload, place: int) -> None:
    source = upload.reading.assembly.recipe.sources[place]
    leftover = [row for row in upload.reading.assembly.unmatched if row.source == place][:MANY]
    currency = currency_of(source, upload.reading.files[place])
    sums_side, rows_side = st.columns(2, gap="large")
    with sums_side:
        _sums(upload.channel_sums(place), currency, upload.key("sums", place))
    with rows_side:
        typed = _leftover(upload, place, leftover, currency)
    with st.expander(
        f"Rules of {escape(source.label or source.name)}", key=upload.key("rules_of", place), expanded=bool(leftover)
    ):
        rows = _rules_editor(upload, place, source)
        unmatched = st.text_input(
            "Rows that no rule matches go to",
            value=source.unmatched,
            max_chars=60,
            key=upload.key("unmatched", place, upload.turn),
            width=320,
        )
    rules = (*sent([row.text for row in leftover], typed), *rules_of(rows))
    problems = rule_problems(rules, source.keys)
    for problem in problems:
        st.error(escape(problem))
    changed = with_rules(upload.reading.assembly.recipe, place, rules, unmatched)
    _apply(actor, upload, place, changed, possible=not problems)


def _apply(actor: Actor, upload: Upload, place: int, recipe: Recipe, *, possible: bool) -> None:
    differs = recipe != upload.reading.assembly.recipe
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Apply the rules", key=upload.key("apply", place), disabled=not (possible and differs))
        if differs:
            st.caption("Changed, not applied yet.", width="content")
    if pressed:
        with st.spinner("Sorting the rows"):
            apply_recipe(actor, upload, recipe)
        st.rerun()


def _rules_editor(upload: Upload, place: int, source: Source) -> list[dict[str, Any]]:
    """The rules as a table; what comes back are its rows as edited."""
    key = upload.key("rules", place, upload.turn)
    rows = rows_of(source.rules)
    table = pd.DataFrame(rows, columns=[ORDER, CHANNEL, HOW, TEXT, COLUMN])
    st.data_editor(
        table.astype({ORDER: "float64", CHANNEL: "str", HOW: "str", TEXT: "str", COLUMN: "str"}),
        num_rows="dynamic",
        hide_index=True,
        height="content" if len(rows) <= 9 else 380,
        key=key,
        alt=f"{counted(len(rows), 'rule')} that send rows to channels",
        column_config={
            ORDER: st.column_config.NumberColumn(width=90, format="%g", help="Rules are tried from the lowest number."),
            CHANNEL: st.column_config.TextColumn(max_chars=60, help="Where matching rows go."),
            HOW: st.column_config.SelectboxColumn(options=[CONTAINS, PATTERN], default=CONTAINS),
            TEXT: st.column_config.TextColumn(max_chars=200, help="What is looked for; capital letters do not matter."),
            COLUMN: st.column_config.SelectboxColumn(
                options=[ANYWHERE, *source.keys], default=ANYWHERE, help="The column that is looked at."
            ),
        },
    )
    return edited(rows, st.session_state.get(key) or {})


def _leftover(upload: Upload, place: int, rows: list[Unmatched], currency: str) -> dict[int, str]:
    """Rows that no rule matched with their spend; a channel typed beside one becomes a rule."""
    source = upload.reading.assembly.recipe.sources[place]
    if not rows:
        st.caption("Every row is matched by a rule." if source.rules else "Every text is a channel of its own.")
        return {}
    key = upload.key("leftover", place, upload.turn)
    st.caption(
        f"{counted(len(rows), 'name')} that no rule matches; the rows go to “{escape(source.unmatched)}”. "
        "Type a channel beside one to send it there."
    )
    spends = any(row.spend is not None for row in rows)
    table = {"Rows of": [row.text for row in rows], GOES_TO: ["" for _ in rows], "Rows": [row.rows for row in rows]}
    if spends:
        table["Spend"] = [row.spend for row in rows]
    st.data_editor(
        pd.DataFrame(table),
        hide_index=True,
        disabled=["Rows of", "Rows", "Spend"],
        height="content" if len(rows) <= 7 else 300,
        key=key,
        alt=f"{counted(len(rows), 'name')} that no rule matches, with rows and spend",
        column_config={
            "Rows of": st.column_config.TextColumn(width=200),
            GOES_TO: st.column_config.TextColumn(max_chars=60, width=140),
            "Rows": st.column_config.NumberColumn(width=70, format="localized"),
            "Spend": _money_column(currency),
        },
    )
    typed = (st.session_state.get(key) or {}).get("edited_rows", {})
    return {int(row): str(cells.get(GOES_TO) or "") for row, cells in typed.items()}


def _sums(sums: tuple[ChannelSum, ...], currency: str, key: str) -> None:
    """The channels that come out, with what was spent on each."""
    if not sums:
        return
    st.caption(f"{counted(len(sums), 'channel')} {'come' if len(sums) > 1 else 'comes'} from the rules below")
    spends = any(found.spend is not None for found in sums)
    rows = [
        {"Channel": found.channel, "Rows": found.rows} | ({"Spend": found.spend} if spends else {}) for found in sums
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) <= 8 else 300,
        key=key,
        alt="Channels with their rows and their spend",
        column_config={
            "Rows": st.column_config.NumberColumn(width=70, format="localized"),
            "Spend": _money_column(currency),
        },
    )


def _money_column(currency: str) -> Any:  # noqa: ANN401 - Streamlit's own type of a column
    sign = symbol(currency).strip()
    return st.column_config.NumberColumn(f"Spend, {sign}" if sign else "Spend", format="localized")
