"""What changed since the model published before, and why, channel by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mmm.charts.numbers import UNKNOWN, ratio
from mmm.validation.bridge import CAUSES, Bridge
from mmm.web.components import escape
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.services.models import ModelInfo

NOTHING = 0.005  # of a return: less is no change that anybody could see


def refresh_bridge(actor: Actor, model: ModelInfo) -> None:
    """A sentence and one row a channel; nothing where no model had been published before this one."""
    found = services().insight.results(actor, model.id).bridge
    if found is None:
        return
    st.markdown(f"**{escape(bridge_words(found))}**")
    st.dataframe(rows(found), hide_index=True, height="content", key="models_bridge", alt=bridge_words(found))
    st.caption(
        "Return per unit of spend, over all history, of the model published before and of this one; between them, what "
        "each cause added when one after the other was changed. Quick fits, so that they may differ a little from the "
        "stored models."
    )


def bridge_words(found: Bridge) -> str:
    """The channel whose return moved most, and what moved it."""
    moved = np.nan_to_num(found.after - found.before)
    if not len(moved) or np.abs(moved).max() < NOTHING:
        return "No return has moved since the model published before."
    most = int(np.argmax(np.abs(moved)))
    before, after = ratio(float(found.before[most])), ratio(float(found.after[most]))
    return f"{found.channels[most]} moved most: {before} → {after}, mainly through {found.main_cause(most)}."


def rows(found: Bridge) -> list[dict[str, str]]:
    """One row a channel: before, what each cause added, now; a cause without any change is a dash."""
    told = []
    for place, channel in enumerate(found.channels):
        row = {"Channel": channel, "Before": ratio(float(found.before[place]))}
        for number, cause in enumerate(CAUSES):
            added = float(found.added[number, place])
            row[cause.capitalize()] = _signed(added) if found.changed[number] else UNKNOWN
        row["Now"] = ratio(float(found.after[place]))
        told.append(row)
    return told


def _signed(added: float) -> str:
    if not np.isfinite(added):
        return UNKNOWN
    if abs(added) < NOTHING:
        return "0"
    return f"{'+' if added > 0 else '−'}{ratio(abs(added))}"
