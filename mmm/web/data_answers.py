"""Answers as people read them; pure."""

from __future__ import annotations

from functools import lru_cache

from mmm.data.gaps import WEEKDAYS
from mmm.transforms.calendar import country_names

SAME = "As above"  # country of a market whose holidays are those of the whole data set

_WORDS = {
    "weeks": "Add up to weeks",
    "days": "Keep days",
    "sum": "Add them up",
    "first": "Keep the first",
    "last": "Keep the last",
    "zero": "Nothing was spent: read as zero",
    "unknown": "Unknown: leave those periods out of fitting",
    "credit": "A credit: take it off earlier spend",
    "keep": "Keep it in its own period, taken off its other rows",
    "dmy": "Day first: 3 April",
    "mdy": "Month first: 4 March",
    "point": "A point: 1,234 is over a thousand",
    "comma": "A comma: 1,234 is a little over one",
    "first day": "The week's first day",
    "last day": "The week's last day",
    "step": "Each shorter period carries the value",
    "line": "Straight from one value to the next",
    "share": "Divide each amount over its days",
    "omit": "Leave the column out",
    "UTC": "Universal time (UTC)",
    "new": "Take the new figures",
    "old": "Keep the figures stored before",
}
_IN_QUESTION = {
    ("negative_spend", "zero"): "A mistake: read as zero",
    ("missing", "zero"): "There was nothing: read as zero",
    ("missing", "unknown"): "Unknown: leave the period empty",
    ("missing_exposure", "zero"): "There was none: read as zero",
}


def answer_words(code: str, option: str) -> str:
    """An option of the question `code` ("missing:2" is "missing" of the third file) in plain words."""
    kind = code.partition(":")[0]
    if kind == "time_zone":
        return _WORDS.get(option) or option.rpartition("/")[2].replace("_", " ") + f" ({option})"
    if kind == "week_start" and option.isdigit():
        return WEEKDAYS[int(option)]
    return _IN_QUESTION.get((kind, option), _WORDS.get(option, option))


def country_code(name: str) -> str:
    """The ISO code of a country by the name that is shown; "" for none."""
    return next((code for code, shown in countries().items() if shown == name), "")


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """ISO code to name of every country whose holidays are known, by name; "" for none comes first."""
    return {"": "No public holidays", **dict(sorted(country_names().items(), key=lambda item: item[1]))}
