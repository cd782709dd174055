"""Demand that a channel catches: what searches for the brand say about how many people want to buy anyway.

Spend on brand search rises because people search, and people search because they are about to buy. A model that is not
told takes the demand for the channel's effect. So the effect is modelled in two stages: the channel's own course is
read as an index of demand first, and that index stands in the baseline, as a confounder, beside the channel. What is
left to the channel is what its course does not share with demand, and its prior. A measured volume of queries is the
better index where there is one (Chen et al. 2018, "Bias correction for paid search in media mix modeling"): it goes in
as a control.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def demand_index(drive: FloatArray) -> FloatArray:
    """Index of demand read off channels that catch it, `[market, period, channel]`: log(1 + drive / its mean).

    Args:
        drive: of these channels, `[market, period, channel]`; in a market that never spent the index is zero.
    """
    mean = drive.mean(axis=1, keepdims=True)
    return np.asarray(np.log1p(np.divide(drive, mean, out=np.zeros_like(drive), where=mean > 0)))
