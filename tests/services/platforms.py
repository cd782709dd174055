"""Exports of two advertising platforms and a table of sales, as they come to the desk week after week."""

from __future__ import annotations

import random
from datetime import date, timedelta

FIRST = date(2024, 1, 1)  # a Monday
GOOGLE = (
    *("Day", "Campaign", "Campaign type", "Campaign state", "Currency code", "Cost", "Impr.", "Clicks", "CTR"),
    *("Avg. CPC", "Conversions", "Conv. value"),
)
META = (
    *("Campaign name", "Day", "Campaign delivery", "Amount spent (EUR)", "Impressions", "Link clicks", "Purchases"),
    *("Purchases conversion value", "Reporting starts", "Reporting ends"),
)


def _amounts(name: str, day: date) -> random.Random:
    """The same day has the same amounts in every export."""
    return random.Random(f"{name} {day}")


def google(first: int = 0, weeks: int = 40) -> bytes:
    """A Google Ads report by day and campaign; `first` counts weeks from `FIRST`."""
    lines = [
        "Campaign performance",
        f"{FIRST + timedelta(weeks=first)} - {FIRST + timedelta(weeks=first + weeks, days=-1)}",
        ",".join(GOOGLE),
    ]
    for number in range(7 * first, 7 * (first + weeks)):
        day = FIRST + timedelta(days=number)
        for campaign, kind in (("Brand | DE", "Search"), ("Generic", "Search"), ("PMax Shop", "Performance Max")):
            roll = _amounts(campaign, day)
            cost = roll.uniform(50, 400)
            clicks = int(cost / 2)
            lines.append(
                f'{day},{campaign},{kind},Enabled,EUR,"{cost:,.2f}",{int(cost * 40)},{clicks},2.50%,2.00,'
                f"{clicks / 20:.2f},{cost * 3:.2f}"
            )
    return "\n".join(lines).encode()


def meta(first: int = 0, weeks: int = 40) -> bytes:
    """A Meta Ads Manager export by day and campaign."""
    lines = [",".join(META)]
    for number in range(7 * first, 7 * (first + weeks)):
        day = FIRST + timedelta(days=number)
        for campaign in ("Prospecting", "Retargeting"):
            roll = _amounts(campaign, day)
            cost = roll.uniform(20, 300)
            lines.append(
                f"{campaign},{day},active,{cost:.2f},{int(cost * 90)},{int(cost / 3)},{int(cost / 40)},"
                f"{cost * 2:.2f},{day},{day}"
            )
    return "\ufeff".encode() + "\n".join(lines).encode()


def sales(first: int = 0, weeks: int = 40, restated: dict[int, float] | None = None, people: bool = False) -> bytes:
    """Revenue by week, in German; `restated` holds other amounts of some weeks, `people` adds personal columns."""
    lines = ["Woche;Umsatz;Aktion" + (";Kundennummer;E-Mail;Telefon" if people else "")]
    for week in range(first, first + weeks):
        day = FIRST + timedelta(weeks=week)
        amount = (restated or {}).get(week, _amounts("sales", day).uniform(40_000, 90_000))
        cells = [day.strftime("%d.%m.%Y"), f"{amount:.2f}".replace(".", ","), str(week % 5 == 0).lower()]
        if people:
            cells += [f"K{4000 + week % 7}", f"jane.doe{week}@example.org", f"+49 170 55501{week:02d}"]
        lines.append(";".join(cells))
    return "\r\n".join(lines).encode("cp1252")
