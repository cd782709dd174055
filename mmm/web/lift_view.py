"""Lift tests on the Models page: measured beside expected, and what they changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from mmm.charts.lift import before_and_after, measured_and_expected
from mmm.charts.numbers import long_date
from mmm.data.findings import counted
from mmm.web.components import draw, empty_state, escape
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.services.lift_tests import LiftTestInfo
    from mmm.services.models import ModelInfo

_WHY = {
    "channel": "the data have no such channel",
    "market": "the data have no such market",
    "outside": "its window does not lie inside the data",
    "no_spend": "the data hold no spend of the channel in its window",
    "no_value": "its lift is money, and what one unit of the KPI is worth is not known",
}


def lift_tests(actor: Actor, model: ModelInfo) -> None:
    """What was measured, what this model expects, and what it said before it knew the tests."""
    results = services().insight.results(actor, model.id)
    found = results.lift
    known = {test.id: test for test in services().lift_tests.all(actor, model.dataset_id)}
    left_out = model.metrics.get("lift_tests", {}).get("left_out", {})
    if found is None:
        unseen = sum(test.live and test.id not in left_out for test in known.values())
        empty_state(_none(unseen), "Add a lift test", "data")
    else:
        units = results.contributions.units
        picture = measured_and_expected(found, units, key=f"models_lift_{model.id}")
        st.markdown(f"**{escape(picture.alt)}**")
        draw(picture, key="models_lift")
        if found.contributions_without is not None:
            changed = before_and_after(results.contributions, found.contributions_without)
            st.markdown(f"**{escape(changed.alt)}**")
            draw(changed, key="models_lift_changed")
        elif found.learnt:
            st.caption("What the tests changed was not computed: a second fit of data this large takes long.")
    _left_out(left_out, known)


def _none(unseen: int) -> str:
    """Why there is nothing to show; `unseen` tests of the data set could be used by the next training."""
    if unseen:
        return f"This model used no lift test. {counted(unseen, 'test')} came since: train again to learn from it."
    return "This model used no lift test. One a channel teaches a model more than any algorithm does."


def _left_out(left_out: Mapping[str, str], known: Mapping[str, LiftTestInfo]) -> None:
    for test_id, why in left_out.items():
        test = known.get(test_id)
        if test is not None:
            which = f"The test of “{test.read.test.channel}” from {long_date(test.read.test.start)}"
            st.caption(escape(f"{which} was not used: {_WHY.get(why, why)}."))
