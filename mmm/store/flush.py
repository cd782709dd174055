"""Writing what a unit of work holds, with a clash of unique values told as a conflict."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError as ConstraintError
from sqlalchemy.orm import Session

from mmm.errors import ConflictError

_UNIQUE = ("UNIQUE constraint failed", "UniqueViolation")  # SQLite says it in words, psycopg names a class


def flush(session: Session, clash: str) -> None:
    """Write what is pending; on a clash the unit of work can only be left, without a commit.

    Raises:
        ConflictError: a value that must be unique is there already; the text is `clash`.
    """
    try:
        session.flush()
    except ConstraintError as error:
        if any(words in str(error) for words in _UNIQUE):
            raise ConflictError(clash) from error
        raise
