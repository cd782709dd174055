"""A platform's report and a company's own sales, month by month, as two people would send them."""

from __future__ import annotations

import random
from datetime import date, timedelta

REPORT, SALES = "google-ads.csv", "sales.csv"
CAMPAIGNS = {"Brand UK": 40.0, "Generic UK": 90.0, "Summer splash": 25.0}  # the last one tells no channel
FIRST = date(2023, 1, 1)


def month(number: int) -> date:
    """First day of the month so many months after `FIRST`."""
    return date(FIRST.year + number // 12, number % 12 + 1, 1)


def google_report(first: int, last: int) -> bytes:
    """One row a day and campaign for months `first` up to and without `last`, with a totals row."""
    lines, total, day = ["Day,Campaign,Currency code,Cost,Impr.,Clicks"], 0.0, month(first)
    rng = random.Random(first)
    while day < month(last):
        for name, level in CAMPAIGNS.items():
            cost = round(level * rng.uniform(0.5, 1.5), 2)
            total += cost
            lines.append(f"{day},{name},GBP,{cost},{int(cost * 40)},{int(cost)}")
        day += timedelta(days=1)
    lines.append(f"Total: Account, --,GBP,{total:.2f},--,--")
    return "\n".join(lines).encode()


def shop_sales(first: int, last: int, *, changed: float = 1.0, missing: int = 5) -> bytes:
    """Revenue and radio a month, dated so that day and month can be confused; one radio cell is empty.

    Args:
        changed: factor on the revenue of month `first`, as a correction would bring it.
        missing: the month without a figure for radio.
    """
    lines = ["month,revenue,radio_spend,customer_email"]
    for number in range(first, last):
        rng = random.Random(1000 + number)
        revenue = rng.uniform(90_000, 140_000) * (changed if number == first else 1.0)
        radio = "" if number == missing else f"{rng.uniform(1_000, 4_000):.2f}"
        lines.append(f"{month(number):%d/%m/%Y},{revenue:.2f},{radio},shop{number}@example.org")
    return "\n".join(lines).encode()
