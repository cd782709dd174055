"""Is there an effect at all, and is it one that helps?"""

from __future__ import annotations

import numpy as np

from mmm.validation.stress.evidence import NOTHING, Evidence
from mmm.validation.stress.result import StressTest, passed

AGAINST = -1.0  # what the data alone say of a channel, in standard errors, while the model reports a gain
UNSEEN, LOW = 0.6, -0.6  # standard errors from zero; log of share of effect ÷ share of spend


def effect_tests(evidence: Evidence) -> list[StressTest]:
    """Channels that seem to harm, and channels that may do nothing."""
    factor, error = evidence.multiplier()
    active = np.asarray(evidence.contribution.any(axis=(0, 1)))
    distance = np.where(active, factor / np.maximum(error, NOTHING), 0.0)
    mean = np.maximum(evidence.found.draws.mean(axis=0), 0.0)
    share = np.maximum(mean / max(float(mean.sum()), NOTHING), 1e-4)
    spend = np.maximum(evidence.scaling.spend_share, 0.02 / max(len(share), 1))
    tilt = np.log(share / (spend / spend.sum()))
    found = []
    for place, channel in enumerate(evidence.labels.channels):
        value = float(distance[place])
        if active[place] and value < AGAINST:
            finding = f"{channel}: sales were lower when it spent more, yet the model assumes that advertising helps."
            remedy = "Check what else happened while it spent, and whether it takes sales from another channel."
            title = "Effects that help"
            found.append(StressTest("harm", title, "warn", value, AGAINST, finding, remedy, (channel,), "D"))
        elif active[place] and value < UNSEEN and tilt[place] < LOW:
            finding = f"{channel}: sales hardly moved with its spend; it may bring nothing at all."
            remedy = "Pause it in some regions as a test before money is cut or added."
            title = "Effects that can be seen"
            found.append(StressTest("nothing", title, "warn", value, UNSEEN, finding, remedy, (channel,), "D"))
    lowest = float(distance.min(initial=9.0))
    return found or [passed("harm", "Effects that help", lowest, AGAINST, "No channel seems to do harm or nothing.")]
