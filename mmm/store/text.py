"""Texts that both databases can hold, whatever a form, a file name or an error message brings."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL holds no U+0000; neither database half a surrogate pair
_REPLACEMENT = "\ufffd"  # as Unicode provides for what cannot be shown


class Text(TypeDecorator[str]):
    """Texts of limited length; a character that cannot be stored becomes “\ufffd”, in what is looked for as well.

    It is done here, and not refused where people type, because most such texts are typed by nobody: they come with the
    names of files and the messages of libraries, and must not stop the audit row that tells of them.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """What is sent to the database."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """The text with “\ufffd” for every character that a database cannot hold."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def storable_tree(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """The same for every text in what will be stored as JSON."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable_tree(key): storable_tree(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_tree(item) for item in value]
    return value
