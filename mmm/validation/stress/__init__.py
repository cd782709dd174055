"""Stress tests: which assumption of a fitted model do the data contradict, and whose effect does that put in doubt?"""

from __future__ import annotations

from mmm.data.panel import Panel
from mmm.effects.contributions import Contributions, drop_one
from mmm.models.base import FittedModel
from mmm.validation.stress.change import change_tests
from mmm.validation.stress.controls import control_tests
from mmm.validation.stress.demand import demand_tests
from mmm.validation.stress.effects import effect_tests
from mmm.validation.stress.evidence import Evidence
from mmm.validation.stress.result import StressTest
from mmm.validation.stress.spend import spend_tests

__all__ = ["StressTest", "stress_tests"]


def stress_tests(model: FittedModel, panel: Panel, found: Contributions | None = None) -> tuple[StressTest, ...]:
    """Every quick stress test; no model is fitted anew.

    Args:
        model: the fitted model, of any family.
        panel: what it was fitted on.
        found: its drop-one contributions over the panel, where they are known already.
    """
    if not panel.observed.any() or not panel.labels.channels:
        return ()
    evidence = Evidence(model, panel, drop_one(model, panel.inputs()) if found is None else found)
    return (
        *spend_tests(evidence),
        *demand_tests(evidence),
        *effect_tests(evidence),
        *change_tests(evidence),
        *control_tests(evidence),
    )
