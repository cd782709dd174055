"""The headings of a file, compared without regard to case, blanks and the currency some exports write behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mmm.data.vocabulary import CURRENCIES

_CODE = re.compile(r"\s*[(\[]([A-Z]{3})[)\]]$")


class Headings:
    """Column names by their plain form: lower case, single blanks, no "(USD)" at the end."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._names: dict[str, str] = {}
        for column in columns:
            self._names.setdefault(plain(column), column)

    def first(self, wanted: Iterable[str]) -> str | None:
        """The column, as the file writes it, of the first wanted plain heading that the file has."""
        return next((self._names[name] for name in wanted if name in self._names), None)


def plain(heading: str) -> str:
    """A heading in its plain form: "Amount spent (USD)" is "amount spent"."""
    text = " ".join(heading.split())
    return (_CODE.sub("", text) if currency_in(text) else text).lower()


def currency_in(heading: str) -> str | None:
    """The ISO 4217 code that a heading ends with in brackets, or None."""
    found = _CODE.search(heading.strip())
    return found.group(1) if found and found.group(1).lower() in CURRENCIES else None
