"""Checks as cards: what was asked, what was seen, what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import streamlit as st

from mmm.web.components import escape

Colour = Literal["green", "orange", "red"]

STATUS: dict[str, tuple[str, Colour, str]] = {
    "fail": ("Failed", "red", ":material/cancel:"),
    "warn": ("Warning", "orange", ":material/warning:"),
    "pass": ("Passed", "green", ":material/check_circle:"),
}
"""Word, status colour and sign of each outcome, worst first."""


class CheckLike(Protocol):
    """A check of data or of a model."""

    @property
    def title(self) -> str:
        """The question."""

    @property
    def status(self) -> str:
        """pass, warn or fail."""

    @property
    def finding(self) -> str:
        """What was seen."""

    @property
    def remedy(self) -> str:
        """What to do; "" where nothing is needed."""


def status_badge(status: str) -> None:
    """The outcome as a small coloured word."""
    word, colour, icon = STATUS[status]
    st.badge(word, color=colour, icon=icon)


def check_cards(checks: Sequence[CheckLike], *, key: str) -> None:
    """Every check as a card, the ones to act on first."""
    order = list(STATUS)
    with st.grid("auto", min_column_width=300, gap="medium", key=key):
        for check in sorted(checks, key=lambda check: order.index(check.status)):
            with st.container(border=True, gap="xsmall", height="stretch"):
                status_badge(check.status)
                st.markdown(f"**{escape(check.title)}**")
                st.markdown(escape(check.finding))
                if check.remedy:
                    st.markdown(f"**What to do:** {escape(check.remedy)}")


def folded_cards(checks: Sequence[CheckLike], *, key: str) -> None:
    """The checks to act on as cards; those that passed as lines behind one fold."""
    passed = [check for check in checks if check.status == "pass"]
    rest = [check for check in checks if check.status != "pass"]
    if rest:
        check_cards(rest, key=key)
    if not passed:
        return
    every = not rest
    with st.expander(
        f"All {len(passed)} checks passed" if every else f"{len(passed)} more passed",
        expanded=every,
        icon=":material/check_circle:",
        key=f"{key}_passed",
    ):
        st.markdown("  \n".join(f"**{escape(check.title)}.** {escape(check.finding)}" for check in passed))


def summary(checks: Sequence[CheckLike]) -> str:
    """How many checks failed or want a look, as half a sentence."""
    failed, warned = (sum(check.status == status for check in checks) for status in ("fail", "warn"))
    if failed:
        return f"{failed} of {len(checks)} checks failed"
    if warned:
        return f"{warned} of {len(checks)} checks {'raises' if warned == 1 else 'raise'} a warning"
    return f"all {len(checks)} checks passed"


class StoredCheck:
    """A check as a stored health card holds it."""

    def __init__(self, stored: dict[str, Any]) -> None:
        self.title, self.status = str(stored["title"]), str(stored["status"])
        self.finding, self.remedy = str(stored["finding"]), str(stored["remedy"])
