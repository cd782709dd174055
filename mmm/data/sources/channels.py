"""What the rules of a report make of its rows: each channel with how many rows and how much spend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm.data.findings import FindingLog
from mmm.data.read import RawTable
from mmm.data.rows import Use, exact_sum, read_numbers
from mmm.data.sources.rules import channel_of
from mmm.data.sources.source import Measure, Source


@dataclass(frozen=True)
class ChannelSum:
    """One channel of a report.

    Attributes:
        rows: how many rows go to it.
        spend: their spend as read, in the source's currency; None where the source has no spend.
    """

    channel: str
    rows: int
    spend: float | None


def channel_sums(raw: RawTable, source: Source) -> tuple[ChannelSum, ...]:
    """Every channel that the rules of `source` make of the rows of `raw`, the largest spend (else the most rows) first.

    All rows of the file count, those of partial weeks at its edges too, so the sums are those of the source.

    Raises:
        DataError: a rule cannot be used, or names a column that the file does not have.
    """
    channel, _ = channel_of(raw.frame, source)
    codes, names = pd.factorize(channel)
    count = np.bincount(codes, minlength=len(names))
    columns = [column for column, measure in source.measures.items() if measure is Measure.SPEND]
    amounts = [
        read_numbers(raw.frame[column], raw.dialect.decimal, Use.SPEND, FindingLog()).values for column in columns
    ]
    spend = np.nansum(amounts, axis=0) if amounts else None
    found = [
        ChannelSum(str(name), int(count[at]), None if spend is None else round(exact_sum(spend[codes == at]), 6))
        for at, name in enumerate(names)
    ]
    return tuple(sorted(found, key=lambda one: (-(one.spend or 0.0), -one.rows, one.channel)))
