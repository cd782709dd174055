"""The furniture of a page: header, figures, charts, banners, empty states, downloads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mmm.access.actor import Actor
from mmm.access.roles import Permission
from mmm.charts.template import Chart, dressed, template
from mmm.web import identity, theme
from mmm.web.catalogue import CATALOGUE, PageEntry, pages_for
from mmm.web.connections import keep_download
from mmm.web.holder import services
from mmm.web.identity import current_actor
from mmm.web.ready import ready

_BREAKS = re.compile(r"[ \t\n\r\f\v\x1c-\x1f\x85\u2028\u2029]+")  # a thin space in a number is none
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:^&=])")
_AUTOLINK = re.compile(r"(?<=@)|(?<=://)|(?<=www)(?=\.)", re.IGNORECASE)
_SIGN = re.compile(r"(?<=[+−])(?=[€$£¥₹₩₪₺₴₦₫])")  # "+€1" may not be broken after its sign
_WORD_JOINER = "\u2060"  # no width; addresses are made links after backslashes are gone, so they have to be broken up

_DOLLAR = re.compile(r"(?<!\\)\$")

BannerKind = Literal["info", "success", "warning", "error"]


def escape(text: object) -> str:
    """`text` as it stands, wherever Streamlit would read Markdown: titles, labels, captions, options.

    Names of channels, columns, data sets and plans come from people and files; unescaped, a channel called
    `![x](https://…)` would load a picture. Line breaks become spaces.
    """
    kept = _SIGN.sub(_WORD_JOINER, _AUTOLINK.sub(_WORD_JOINER, _BREAKS.sub(" ", str(text).strip())))
    return _MARKDOWN.sub(r"\\\1", kept)


def brand() -> None:
    """The product's name, for screens without a sidebar."""
    st.image(theme.asset("logo-dark.svg" if theme.is_dark() else "logo-light.svg"), width=150)


@contextmanager
def narrow_column() -> Iterator[None]:
    """The one column of a screen that has no sidebar: sign-in, change of password."""
    with st.container(horizontal_alignment="center"), st.container(key="signin", width=400):
        yield


def page_header(title_sentence: str, context: Sequence[str] = (), *, sample: bool = False) -> None:
    """The finding as the title, and below it what it rests on.

    Args:
        title_sentence: a sentence made from the data, such as "Search is past its best: the next €1 brings €0.62."
        context: short facts: data set, data through which week, model and health, interval level.
        sample: True when the numbers are simulated sample data; shows the badge.
    """
    with st.container(key="page_header", gap="xsmall"):
        st.title(escape(title_sentence), anchor=False)
        if not context and not sample:
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if sample:
                st.badge(
                    "Sample data", color="orange", help="Simulated, with a known truth; no real company's numbers."
                )
            if context:
                st.caption(" · ".join(escape(fact) for fact in context), width="content")


@dataclass(frozen=True)
class Figure:
    """One of the three or four numbers on top of a page.

    Attributes:
        label: what it is, at most four words.
        value: formatted, with its unit: "€1.23 m".
        interval: such as "90 %: €0.9–1.6 m"; "" without one. May hold Markdown, so escape names that people typed.
        change: formatted difference with its sign, such as "+4 % on last quarter"; "" without one.
        change_is_good: None leaves the change grey.
        trend: values of a small line, oldest first.
        meaning: one sentence behind the ⓘ.
    """

    label: str
    value: str
    interval: str = ""
    change: str = ""
    change_is_good: bool | None = None
    trend: Sequence[float] = ()
    meaning: str | None = None


def metric_row(figures: Sequence[Figure]) -> None:
    """Three or four figures side by side; two by two on a narrow screen."""
    with st.grid(max(1, len(figures)), min_column_width=140, gap="medium"):
        for figure in figures:
            with st.container(gap="xsmall"):
                _metric(figure)


def _metric(figure: Figure) -> None:
    # The interval takes the place right below the value, where nothing cuts it off.
    st.metric(
        escape(figure.label),
        _no_formula(figure.value),
        _no_formula(figure.interval) or None,
        delta_color="gray",
        delta_arrow="off",
        help=figure.meaning,
        chart_data=list(figure.trend) or None,
    )
    if figure.change:
        colour = {None: "gray", True: "green", False: "red"}[figure.change_is_good]
        st.caption(f":{colour}[{escape(figure.change)}]")


def _no_formula(text: str) -> str:
    """Amounts in dollars are no formulas: Streamlit sets what stands between two of them as mathematics."""
    return _DOLLAR.sub(r"\\$", text)


def banner(kind: BannerKind, text: str, action: tuple[str, str] | None = None) -> None:
    """A plain line about the state of things, with the one thing to do.

    Args:
        kind: info, success, warning or error; colour is for status only.
        text: a sentence or two; may hold Markdown, so escape names that people typed.
        action: (label, page name in the catalogue); left out where the person may not open that page.
    """
    show = {"info": st.info, "success": st.success, "warning": st.warning, "error": st.error}[kind]
    show(text)
    if action is not None:
        _go_button(action[0], action[1], primary=False)


def empty_state(why: str, action_label: str = "", page: str = "") -> None:
    """Why there is nothing here yet, and one button to what would change that.

    Args:
        why: a sentence or two, Markdown allowed.
        action_label: text of the button; without it there is none.
        page: name of the page it opens; people who may not open it get the sentence alone.
    """
    with st.container(key=f"empty_{page or 'state'}", width=560, gap="medium"):
        st.markdown(why)
        if action_label:
            _go_button(action_label, page, primary=True)


def _go_button(label: str, page: str, *, primary: bool) -> None:
    entry = open_page(page)
    pressed = entry is not None and st.button(
        escape(label), type="primary" if primary else "secondary", key=f"go_{page}_{label}"
    )
    if entry is not None and pressed:
        st.switch_page(entry.path)


def open_page(name: str) -> PageEntry | None:
    """The page `name` if the person acting may open it, else None; raises ValueError for a name that no page has."""
    if name not in {entry.name for entry in CATALOGUE}:
        raise ValueError(f"There is no page called {name!r} in mmm/web/catalogue.py.")
    actor = current_actor(polling=True)
    return next((entry for entry in pages_for(actor) if entry.name == name), None) if actor else None


def chart(figure: Mapping[str, Any], key: str, alt: str) -> None:
    """Draw a Plotly figure given as a plain dict, in our template and the visitor's appearance.

    Args:
        figure: {"data": […], "layout": {…}}; a template of its own is kept.
        key: stable, so that the chart changes in place; also its `uirevision`, so that a zoom stays.
        alt: the finding as a sentence, for those who cannot see the chart.
    """
    colours = theme.palette()
    drawn = dressed(figure, colours)
    layout = {"template": template(colours), "uirevision": key, **drawn["layout"]}
    whole = ready({"data": drawn["data"], "layout": layout})
    st.plotly_chart(whole, theme=None, config=theme.CHART_CONFIG, key=key, alt=alt)


def draw(picture: Chart, key: str) -> None:
    """Draw one of the charts of `mmm.charts`, with the sentence that says what it shows."""
    chart(picture.figure, key, picture.alt)


def download(
    label: str,
    make: Callable[[Actor], bytes],
    *,
    file_name: str,
    mime: str,
    key: str,
    permission: Permission = Permission.EXPORT,
    primary: bool = False,
) -> None:
    """A button that makes a file when it is pressed, and gives it to nobody else.

    Args:
        label: what the button says.
        make: builds the file; it gets the actor as they are at that moment and asks the service that writes the export
            into the audit table.
        file_name: as the browser saves it.
        mime: type of the content.
        key: stable key of the button.
        permission: who sees the button, and gets the file when they press it; the service decides again.
        primary: True for the one main action of a page.
    """
    actor, token, server = current_actor(polling=True), identity.session_token(), services()
    context = get_script_run_ctx()
    if actor is None or context is None or not actor.may(permission):
        return
    connection = context.session_id

    def content() -> bytes:  # runs on the click, outside the page: whoever signed out meanwhile gets nothing
        now = server.accounts.actor_for(token)
        if now is None or not now.may(permission):
            raise PermissionError("The session has ended, or may not take this any more; sign in again.")
        made = make(now)
        keep_download(made, mime, file_name, connection)
        return made

    st.download_button(
        escape(label),
        content,
        file_name=file_name,
        mime=mime,
        key=key,
        on_click="ignore",
        icon=":material/download:",
        type="primary" if primary else "secondary",
    )
