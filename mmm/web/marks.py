"""What is marked on every chart over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmm.charts.marks import Mark
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor


def marks_of(actor: Actor, dataset_id: str) -> tuple[Mark, ...]:
    """The annotations of a data set as charts take them."""
    return services().annotations.marks(actor, dataset_id)
