"""One transaction and the repositories that live in it."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.orm import Session

from mmm.errors import ConflictError
from mmm.store.annotations import Annotations
from mmm.store.audit import AuditLog
from mmm.store.datasets import Datasets
from mmm.store.jobs import Jobs
from mmm.store.keys import Vault
from mmm.store.lift_tests import LiftTests
from mmm.store.master import Keyring
from mmm.store.models import Models
from mmm.store.plans import Plans
from mmm.store.twins import Twins
from mmm.store.users import Sessions, Users

_BUSY = ("database is locked", "LockNotAvailable")  # SQLite says it in words, psycopg names a class
_TOO_BUSY = (
    "Another change to the database is taking unusually long. Nothing of yours was stored; try again in a minute."
)


class UnitOfWork:
    """All or nothing: repositories share one transaction, committed only by `commit()`."""

    def __init__(self, session: Session, keyring: Keyring, known: dict[str, bytes]) -> None:
        self.session = session
        self.vault = Vault(session, keyring, known)
        self.audit = AuditLog(session, keyring)
        self.users = Users(session)
        self.sessions = Sessions(session)
        self.datasets = Datasets(session, self.vault)
        self.annotations = Annotations(session, self.vault)
        self.lift_tests = LiftTests(session, self.vault)
        self.models = Models(session, self.vault)
        self.plans = Plans(session, self.vault)
        self.twins = Twins(session, self.vault)
        self.jobs = Jobs(session)

    @classmethod
    def begin(cls, engine: Engine, keyring: Keyring, known: dict[str, bytes]) -> Self:
        """A unit of work whose transaction has begun, so that no other writer is between its reads and its writes.

        Raises:
            ConflictError: another writer did not finish in time.
        """
        session = Session(engine, expire_on_commit=False)
        try:
            session.connection()
        except BaseException as error:
            session.close()
            if _busy(error):
                raise ConflictError(_TOO_BUSY) from error
            raise
        return cls(session, keyring, known)

    def commit(self) -> None:
        """Make everything done here true at once."""
        self.session.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()


def _busy(error: BaseException) -> bool:
    locked = isinstance(error, OperationalError) and any(words in str(error) for words in _BUSY)
    return locked or isinstance(error, NoConnectionLeft)
