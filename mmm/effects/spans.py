"""How many periods a span of days is: tails, settling times and sustained spend at any frequency."""

from __future__ import annotations

from mmm.data.inputs import Frequency

TAIL_DAYS = 56  # carry-over counted after a horizon or window ends: 8 weeks at business as usual (DESIGN.md)
SETTLE_DAYS = 182  # constant spend for 26 weeks: what a half-life of 4 weeks still misses then is 1 %


def periods_in(days: float, frequency: Frequency) -> int:
    """Whole periods nearest to `days`, at least one."""
    return max(1, round(days / frequency.days))


def tail_periods(frequency: Frequency) -> int:
    """Periods of carry-over counted after the end of a horizon or a window."""
    return periods_in(TAIL_DAYS, frequency)
