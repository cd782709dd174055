"""Numbers as people read them: three significant figures, units, thin spaces, a real minus sign, never "nan".

A number that is not known (None, NaN, infinite) is an en dash everywhere.
"""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.data.findings import THIN, whole_percent
from mmm.effects.estimate import Units

MINUS = "\u2212"
UNKNOWN = "\u2013"
DASH = "\u2013"  # between the ends of an interval
SIGNIFICANT = 3
CERTAIN = 1e-9  # a chance is never nearer to none or all than that
LARGEST = 1e30  # beyond it a number is about nothing a business can count

SYMBOLS = {
    "EUR": "€",
    "USD": "$",
    "GBP": "£",
    "JPY": "¥",
    "CNY": "CN¥",
    "INR": "₹",
    "KRW": "₩",
    "ILS": "₪",
    "TRY": "₺",
    "UAH": "₴",
    "NGN": "₦",
    "VND": "₫",
    "BRL": "R$",
    "AUD": "A$",
    "CAD": "C$",
    "NZD": "NZ$",
    "HKD": "HK$",
    "SGD": "S$",
    "MXN": "MX$",
}
_STEPS = ((1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k"))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Number = float | int | np.floating[Any] | np.integer[Any] | NDArray[np.float64]
Day = date | np.datetime64


def symbol(currency: str) -> str:
    """The sign of an ISO 4217 currency, "€", or its code with a thin space, "SEK ", where it has none of its own."""
    return SYMBOLS.get(currency.upper(), f"{currency}{THIN}" if currency else "")


def money(value: Number | None, currency: str) -> str:
    """An amount: "€1.23 m", "€845 k", "€84.50", "€0.62", "−€3.10"."""
    known = _known(value)
    if known is None:
        return UNKNOWN
    sign, size = _sign(known), abs(known)
    if 0 < size < 0.005:
        return f"under {symbol(currency)}0.01" if known > 0 else f"{MINUS}{symbol(currency)}0.01 at most"
    text = _cents(size) if _rounded(size) < 1000 else _scaled(size)
    return f"{sign}{symbol(currency)}{text}"


def signed_money(value: Number | None, currency: str) -> str:
    """A difference with its sign: "+€1.23 m", "−€84.50"; nothing is "€0"."""
    return _signed(value, money(value, currency))


def interval(lo: Number | None, hi: Number | None, currency: str) -> str:
    """Both ends in one unit: "€0.9–1.6 m", "−€0.1 to +€0.3 m"; one dash where an end is not known."""
    return _interval(lo, hi, symbol(currency), cents=True)


def count(value: Number | None, unit: str = "") -> str:
    """A number of things: "845", "12.4 k", "1.23 m", "12.4 k conversions"."""
    known = _known(value)
    if known is None:
        return UNKNOWN
    text = f"{_sign(known)}{_scaled(abs(known))}"
    return f"{text} {unit}" if unit else text


def signed_count(value: Number | None, unit: str = "") -> str:
    """A difference of things, with its sign: "+12.4 k conversions"."""
    return _signed(value, count(value, unit))


def count_interval(lo: Number | None, hi: Number | None, unit: str = "") -> str:
    """Both ends in one scale: "9–12 k conversions"."""
    text = _interval(lo, hi, "")
    return f"{text} {unit}" if unit and text != UNKNOWN else text


def percent(share: Number | None) -> str:
    """A share of one as a percentage: 0.032 is "3.2 %", 0.5 is "50 %"."""
    known = _known(share)
    if known is None:
        return UNKNOWN
    size = abs(known) * 100
    if 0 < size < 0.05:
        return f"{'under ' if known > 0 else MINUS}0.1{THIN}%"
    return f"{_sign(known)}{_plain(size, 1 if _rounded(size) < 100 else 0)}{THIN}%"


def signed_percent(share: Number | None) -> str:
    """A relative change with its sign: "+3.2 %"."""
    return _signed(share, percent(share))


def probability(share: Number | None) -> str:
    """A chance in whole percent: "81 %"; never quite certain: "over 99 %", "under 1 %"."""
    known = _known(share)
    if known is None:
        return UNKNOWN
    return whole_percent(min(max(known, CERTAIN), 1 - CERTAIN))


def ratio(value: Number | None) -> str:
    """Money back per unit of money: "2.4×", "0.62×", "12×"; hundredths near one, where they decide."""
    known = _known(value)
    if known is None:
        return UNKNOWN
    size = abs(known)
    if size == 0:
        return "0×"
    if size < 0.005:
        return "under 0.01×" if known > 0 else f"{MINUS}0.01× at most"
    if size >= 999.5:
        return f"{_sign(known)}{_scaled(size)}×"
    decimals = 2 if size < 1.095 else 1 if size < 9.95 else 0
    return f"{_sign(known)}{_fixed(size, decimals)}×"


def ratio_interval(lo: Number | None, hi: Number | None) -> str:
    """Both ends of a return: "1.9–3.1×"."""
    text = _interval(lo, hi, "")
    return text if text == UNKNOWN else f"{text}×"


def days(value: Number | None) -> str:
    """A span of time in the unit people would say: "9 days", "3.2 weeks", "2.5 months", "3 years"."""
    known = _known(value)
    if known is None:
        return UNKNOWN
    length, unit = _span(abs(known))
    text = _span_text(abs(known) / length, unit)
    return f"{text}{THIN}{unit}{'' if text == '1' else 's'}"


def days_interval(lo: Number | None, hi: Number | None) -> str:
    """Both ends of a span in one unit: "2–15 days"."""
    low, high = _known(lo), _known(hi)
    if low is None or high is None:
        return UNKNOWN
    length, unit = _span(max(abs(low), abs(high)))
    first, last = (_span_text(abs(end) / length, unit) for end in (low, high))
    return days(high) if first == last else f"{first}{DASH}{last}{THIN}{unit}s"


def amount(value: Number | None, units: Units) -> str:
    """`value` in `units.shown`: money where a KPI unit has a known value, a count of the KPI otherwise."""
    return money(value, units.currency) if units.has_value else count(value, units.kpi)


def signed_amount(value: Number | None, units: Units) -> str:
    """`amount` of a difference, with its sign."""
    return signed_money(value, units.currency) if units.has_value else signed_count(value, units.kpi)


def amount_interval(lo: Number | None, hi: Number | None, units: Units) -> str:
    """Both ends in `units.shown`."""
    return interval(lo, hi, units.currency) if units.has_value else count_interval(lo, hi, units.kpi)


def between(lo: Number | None, hi: Number | None, units: Units) -> str:
    """An interval of a difference as said aloud: "between −€0.1 m and +€0.3 m"."""
    return f"between {signed_amount(lo, units)} and {signed_amount(hi, units)}"


def short_date(day: Day) -> str:
    """Day and month, "3 Mar"; an en dash for a missing date."""
    found = _day(day)
    return UNKNOWN if found is None else f"{found.day} {_MONTHS[found.month - 1]}"


def long_date(day: Day) -> str:
    """With the year, "3 Mar 2025"; an en dash for a missing date."""
    found = _day(day)
    return UNKNOWN if found is None else f"{short_date(found)} {found.year}"


_SPANS = ((20.5, 1.0, "day"), (98.0, 7.0, "week"), (1096.0, 30.4375, "month"))  # below so many days: length, unit


def _span(size: float) -> tuple[float, str]:
    return next(((length, unit) for below, length, unit in _SPANS if size < below), (365.25, "year"))


def _span_text(number: float, unit: str) -> str:
    return _plain(number, 0 if unit == "day" or number >= 9.95 else 1)


def _day(day: Day) -> date | None:
    if isinstance(day, np.datetime64):
        return None if np.isnat(day) else day.astype("datetime64[D]").item()
    return day


def _known(value: Number | None) -> float | None:
    """`value` as a float; None for NaN and what no amount can be, and 0.0 for −0.0."""
    if value is None:
        return None
    number = float(value)
    return number + 0.0 if abs(number) < LARGEST else None


def _sign(value: float) -> str:
    return MINUS if value < 0 else ""


def _signed(value: Number | None, text: str) -> str:
    known = _known(value)
    return f"+{text}" if known is not None and known > 0 and not text.startswith("under") else text


def _exponent(value: float) -> int:
    return math.floor(math.log10(value)) if value > 0 else 0


def _rounded(value: float) -> float:
    """`value` at three significant figures."""
    return round(value, SIGNIFICANT - 1 - _exponent(value))


def _fixed(value: float, decimals: int) -> str:
    return f"{value:.{max(0, decimals)}f}"


def _plain(value: float, decimals: int) -> str:
    """Without trailing zeros: "50", "3.2"."""
    text = _fixed(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _cents(size: float) -> str:
    """Amounts below a thousand: whole units from a hundred on, cents below, none where they are zero."""
    text = _fixed(_rounded(size), 0 if _rounded(size) >= 100 else 2)
    return text.removesuffix(".00")


def _scaled(size: float) -> str:
    """Three significant figures with k, m, bn or tn: "12.4 k"; below a thousand without trailing zeros."""
    size = _rounded(size)
    if size >= 1e15:
        return f"{size / 1e12:.0f}{THIN}tn"
    for step, name in _STEPS:
        if size >= step:
            number = size / step
            return f"{_fixed(number, SIGNIFICANT - 1 - _exponent(_rounded(number)))}{THIN}{name}"
    if 0 < size < 0.001:
        return "under 0.001"
    return _plain(size, min(3, SIGNIFICANT - 1 - _exponent(size)))


def _interval(lo: Number | None, hi: Number | None, sign: str, *, cents: bool = False) -> str:
    low, high = _known(lo), _known(hi)
    if low is None or high is None:
        return UNKNOWN
    low, high = min(low, high), max(low, high)
    largest = _rounded(max(abs(low), abs(high)))
    step, name = next(((s, n) for s, n in _STEPS if largest >= s), (1.0, ""))
    decimals = _decimals(low / step, high / step, money=cents and step == 1)
    ends = [_plain_zero(abs(end) / step, decimals) for end in (low, high)]
    unit = f"{THIN}{name}" if name else ""
    minus_low, minus_high = low < 0 and ends[0] != "0", high < 0 and ends[1] != "0"
    if ends[0] == ends[1] and minus_low == minus_high:
        return f"{MINUS if minus_low else ''}{sign}{ends[0]}{unit}"
    if not minus_low and not minus_high:
        return f"{sign}{ends[0]}{DASH}{ends[1]}{unit}"
    first = f"{MINUS}{sign}{ends[0]}"
    second = f"{MINUS if minus_high else '' if ends[1] == '0' else '+'}{sign}{ends[1]}"
    return f"{first} to {second}{unit}"


def _decimals(low: float, high: float, *, money: bool) -> int:
    """Enough to show two figures of the larger end and to tell the ends apart; never more than three figures."""
    largest, width = max(abs(low), abs(high)), high - low
    wanted = (1 if width > 0 else SIGNIFICANT - 1) - _exponent(largest) if largest else 0
    if width > 0:
        wanted = max(wanted, -_exponent(width / 2.5))
        wanted = min(wanted, SIGNIFICANT - 1 - _exponent(largest))
    wanted = min(3, max(0, wanted))
    return min(2, wanted) if money and wanted != 1 else 2 if money else wanted


def _plain_zero(value: float, decimals: int) -> str:
    text = _fixed(value, decimals)
    return "0" if float(text) == 0 else text
