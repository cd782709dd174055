"""The priors of a model on the Models page: what was believed before the data, and what the data made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from mmm.charts.numbers import count
from mmm.charts.priors import TITLES, before_and_after_data
from mmm.web.components import draw, empty_state, escape
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.services.models import ModelInfo

_HOW = (
    "Grey: the prior's 90 % interval. Ink: the posterior's. Where they are alike, the answer rests on what was "
    "believed, not on the data. A channel may turn out to bring nothing: priors of returns reach down to zero."
)


def priors(actor: Actor, model: ModelInfo) -> None:
    """One quantity at a time, of every channel."""
    found = services().insight.priors(actor, model.id)
    if found is None:
        empty_state("This model keeps no priors of its channels: only structural models trained lately do.")
        return
    by_title = {TITLES[part.quantity].capitalize(): part for part in reversed(found.learnt)}
    chosen = st.segmented_control(
        "Quantity", list(by_title), default=next(iter(by_title)), key="priors_quantity", required=True
    )
    part = by_title[chosen]
    picture = before_and_after_data(part, found.labels, key=f"models_priors_{model.id}_{part.quantity}")
    st.markdown(f"**{escape(picture.alt)}**")
    draw(picture, key="models_priors")
    st.caption(_HOW)
    rows = [
        {
            "Channel": name,
            "Before": f"{count(float(part.prior.lo[i]))} to {count(float(part.prior.hi[i]))}",
            "After": f"{count(float(part.posterior.lo[i]))} to {count(float(part.posterior.hi[i]))}",
            "Spread left": f"{100 * float(part.narrowing[i]):.0f} %",
        }
        for i, name in enumerate(found.labels.channels)
        if np.isfinite(part.posterior.mean[i])
    ]
    st.dataframe(rows, hide_index=True, height="content", key="priors_table", alt="Priors and posteriors by channel")
