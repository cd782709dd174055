"""One transaction and the repositories that live in it."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from mmm.store.annotations import Annotations
from mmm.store.audit import AuditLog
from mmm.store.datasets import Datasets
from mmm.store.jobs import Jobs
from mmm.store.keys import MasterKey, Vault
from mmm.store.models import Models
from mmm.store.plans import Plans
from mmm.store.users import Sessions, Users


class UnitOfWork:
    """All or nothing: repositories share one transaction, committed only by `commit()`."""

    def __init__(self, session: Session, master: MasterKey, unwrapped: dict[str, bytes]) -> None:
        self.session = session
        self.vault = Vault(session, master, unwrapped)
        self.audit = AuditLog(session, master)
        self.users = Users(session)
        self.sessions = Sessions(session)
        self.datasets = Datasets(session, self.vault)
        self.annotations = Annotations(session, self.vault)
        self.models = Models(session, self.vault)
        self.plans = Plans(session, self.vault)
        self.jobs = Jobs(session)

    @classmethod
    def begin(cls, engine: Engine, master: MasterKey, unwrapped: dict[str, bytes]) -> Self:
        """A unit of work whose transaction has begun, so that no other writer is between its reads and its writes."""
        session = Session(engine, expire_on_commit=False)
        try:
            session.connection()
        except BaseException:
            session.close()
            raise
        return cls(session, master, unwrapped)

    def commit(self) -> None:
        """Make everything done here true at once."""
        self.session.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()
