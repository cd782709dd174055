"""How well each channel's effect is known, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from mmm.validation.grades import ORDER, ChannelGrade, Grade, doubted_by_twins
from mmm.web.cards import Colour
from mmm.web.components import escape
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.services.models import ModelInfo

COLOUR: dict[Grade, Colour] = {Grade.A: "green", Grade.B: "green", Grade.C: "orange", Grade.D: "red"}


def evidence(actor: Actor, model: ModelInfo) -> None:
    """Every channel's grade as a card, the least known first."""
    grades = services().insight.results(actor, model.id).grades
    if not grades:
        st.markdown("This model was stored before channels were graded; train again to have grades.")
        return
    report = services().twins.report(actor, model.id)
    judged = None if report is None else report.of(model.family)
    if judged is not None:
        grades = doubted_by_twins(grades, {channel.channel: channel for channel in judged.channels})
    st.markdown(escape(grades_title(grades)))
    worst_first = sorted(grades, key=lambda graded: -ORDER.index(graded.grade))
    with st.grid("auto", min_column_width=300, gap="medium", key="models_evidence"):
        for graded in worst_first:
            with st.container(border=True, gap="xsmall", height="stretch"):
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    st.badge(graded.grade.value, color=COLOUR[graded.grade])
                    st.markdown(f"**{escape(graded.channel)}**")
                st.caption(graded.grade.meaning)
                st.markdown(escape(graded.why))
                if graded.next_step:
                    st.markdown(f"**What to do:** {escape(graded.next_step)}")


def evidence_mark(grades: Sequence[ChannelGrade], channel: str) -> None:
    """A quiet line that says how well one channel is known; nothing in results stored before there were grades."""
    for graded in grades:
        if graded.channel == channel:
            st.caption(escape(mark_words(graded)))


def mark_words(graded: ChannelGrade) -> str:
    """The line: the grade, what it means, why, and what would help."""
    parts = [f"Evidence {graded.grade.value}.", graded.grade.meaning, graded.why, graded.next_step]
    return " ".join(part for part in parts if part)


def grades_title(grades: Sequence[ChannelGrade]) -> str:
    """How many channels can be relied on, in a sentence."""
    weak = [graded.channel for graded in grades if graded.grade in (Grade.C, Grade.D)]
    if not weak:
        return "Nothing contradicts what the model says of any channel."
    return f"What the model says of {len(weak)} of {len(grades)} channels is in doubt: {', '.join(weak)}."
