"""Channels in the order of their names, so that the order of columns in a file changes no answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel

IntArray = NDArray[np.int64]


def by_name(panel: Panel) -> tuple[Panel, IntArray]:
    """The panel with channels sorted by name, and where each original channel went.

    `sorted_array[..., place]` is in the original order again.
    """
    order = np.argsort(np.array(panel.labels.channels, dtype=np.str_), kind="stable")
    names = tuple(panel.labels.channels[i] for i in order)
    ordered = replace(
        panel,
        labels=replace(panel.labels, channels=names),
        spend=panel.spend[:, :, order].copy(),
        exposure=None if panel.exposure is None else panel.exposure[:, :, order].copy(),
    )
    return ordered, np.argsort(order)
