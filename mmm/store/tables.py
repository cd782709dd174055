"""Tables. Every one carries `workspace_id`, except people, their sessions and the audit head."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, LargeBinary, MetaData, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from mmm.store.text import Text

ID = Text(32)
NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """Aware datetimes in, UTC-aware datetimes out, on databases that forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Convert to UTC; a naive datetime is a mistake."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; use datetime.now(UTC).")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Put the zone back that SQLite dropped."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_id() -> str:
    """A fresh random identifier, 32 hexadecimal digits."""
    return uuid.uuid4().hex


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UTCDateTime, dict[str, Any]: JSON, list[str]: JSON, bytes: LargeBinary}  # noqa: RUF012


class WorkspaceRow(Base):
    """A team and everything it owns."""

    __tablename__ = "workspace"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(Text(200), unique=True)
    created_at: Mapped[datetime]


class UserRow(Base):
    """A person who can sign in. `token_version` goes up whenever every session of theirs must end."""

    __tablename__ = "user"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(Text(100), unique=True)
    display_name: Mapped[str] = mapped_column(Text(200))
    password_hash: Mapped[str] = mapped_column(Text(300))
    must_change_password: Mapped[bool]
    active: Mapped[bool]
    failed_attempts: Mapped[int]
    locked_until: Mapped[datetime | None]
    token_version: Mapped[int]
    created_at: Mapped[datetime]


class MembershipRow(Base):
    """What a person is in a workspace."""

    __tablename__ = "membership"
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True, index=True)
    roles: Mapped[list[str]]


class SessionRow(Base):
    """A signed-in browser; the cookie holds the token, this row its SHA-256."""

    __tablename__ = "session"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(Text(64), unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), index=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    token_version: Mapped[int]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class TicketRow(Base):
    """Carries a good password check to the route that sets the cookie; used once, within seconds."""

    __tablename__ = "ticket"
    token_hash: Mapped[str] = mapped_column(Text(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"))
    token_version: Mapped[int]
    expires_at: Mapped[datetime]


class DataKeyRow(Base):
    """A workspace's data key, wrapped by the master key named here.

    `purpose` is "rows" for keys that seal rows (the newest one seals), "pseudonyms" for the one behind ids.
    """

    __tablename__ = "data_key"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), index=True)
    master_key_id: Mapped[str] = mapped_column(Text(16))
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime]
    purpose: Mapped[str] = mapped_column(Text(20))


class DatasetRow(Base):
    """A named line of dataset versions. Its champion is the model its newest publication names."""

    __tablename__ = "dataset"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(Text(200))
    is_sample: Mapped[bool]
    archived: Mapped[bool]
    created_at: Mapped[datetime]


class DatasetVersionRow(Base):
    """One upload, immutable.

    Columns ending in `_sealed` are encrypted, read only when asked for, and last: SQLite would otherwise walk through
    their megabytes to reach the columns behind them.
    """

    __tablename__ = "dataset_version"
    __table_args__ = (UniqueConstraint("dataset_id", "number"),)
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), index=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("dataset_version.id"))
    number: Mapped[int]
    source_name: Mapped[str] = mapped_column(Text(300))
    source_sha256: Mapped[str] = mapped_column(Text(64))
    source_bytes: Mapped[int]
    summary: Mapped[dict[str, Any]]
    created_by: Mapped[str] = mapped_column(ID)
    created_at: Mapped[datetime]
    panel_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    as_read_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    findings_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    mapping_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    lineage_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    table_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class AnnotationRow(Base):
    """Something that happened from `first` to `last` (a launch, a promotion, an outage); its words are sealed."""

    __tablename__ = "annotation"
    __table_args__ = (Index("ix_annotation_workspace_dataset", "workspace_id", "dataset_id"),)
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    kind: Mapped[str] = mapped_column(Text(20))
    first: Mapped[date]
    last: Mapped[date]
    created_by: Mapped[str] = mapped_column(ID)
    created_at: Mapped[datetime]
    payload_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class LiftTestRow(Base):
    """What an experiment measured from `first` to `last`; channel, market, figures and notes are sealed.

    Nothing takes a row away: `withdrawn_at` says since when it counts no more, so that a model can name what it used.
    """

    __tablename__ = "lift_test"
    __table_args__ = (Index("ix_lift_test_workspace_dataset", "workspace_id", "dataset_id"),)
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    first: Mapped[date]
    last: Mapped[date]
    created_by: Mapped[str] = mapped_column(ID)
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    payload_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class ModelVersionRow(Base):
    """A fitted model with its stored results."""

    __tablename__ = "model_version"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), index=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"), index=True)
    dataset_version_id: Mapped[str] = mapped_column(ForeignKey("dataset_version.id"), index=True)
    number: Mapped[int]
    family: Mapped[str] = mapped_column(Text(50))
    metrics: Mapped[dict[str, Any]]
    health: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(Text(20))
    job_id: Mapped[str | None] = mapped_column(ID)
    created_by: Mapped[str] = mapped_column(ID)
    created_at: Mapped[datetime]
    state_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    results_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class PublicationRow(Base):
    """Which model was champion when, by whom and why; the newest row of a dataset tells the champion."""

    __tablename__ = "publication"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"), index=True)
    model_version_id: Mapped[str] = mapped_column(ForeignKey("model_version.id"))
    kind: Mapped[str] = mapped_column(Text(20))
    reason: Mapped[str | None] = mapped_column(Text(2000))
    by: Mapped[str] = mapped_column(ID)
    at: Mapped[datetime]


class PlanRow(Base):
    """A scenario somebody owns. `version` goes up with every change, so that two tabs cannot overwrite each other."""

    __tablename__ = "plan"
    __table_args__ = (Index("ix_plan_workspace_dataset", "workspace_id", "dataset_id"),)
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    model_version_id: Mapped[str] = mapped_column(ForeignKey("model_version.id"))
    owner_id: Mapped[str] = mapped_column(ID)
    name: Mapped[str] = mapped_column(Text(200))
    status: Mapped[str] = mapped_column(Text(20))
    comment: Mapped[str | None] = mapped_column(Text(2000))
    decided_by: Mapped[str | None] = mapped_column(ID)
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    payload_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class TwinRow(Base):
    """One simulated look-alike of a dataset version; all of one twin test share `run`, whichever job computed them."""

    __tablename__ = "twin"
    __table_args__ = (
        UniqueConstraint("run", "number"),
        Index("ix_twin_workspace_dataset_version", "workspace_id", "dataset_version_id"),
    )
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    dataset_version_id: Mapped[str] = mapped_column(ForeignKey("dataset_version.id"))
    run: Mapped[str] = mapped_column(ID)
    number: Mapped[int]
    created_at: Mapped[datetime]
    outcome_sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class JobRow(Base):
    """One piece of long work. `attempt` guards every write of a worker: an older attempt may not report any more."""

    __tablename__ = "job"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspace.id"), index=True)
    kind: Mapped[str] = mapped_column(Text(50))
    params: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(Text(20), index=True)
    progress: Mapped[float]
    message: Mapped[str] = mapped_column(Text(500))
    attempt: Mapped[int]
    heartbeat_at: Mapped[datetime | None]
    cancel_requested: Mapped[bool]
    submitted_by: Mapped[str] = mapped_column(ID)
    result_ref: Mapped[str | None] = mapped_column(Text(200))
    error: Mapped[str | None] = mapped_column(Text(2000))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class AuditEventRow(Base):
    """Who did what to which object, when, with which outcome; rows only ever arrive (triggers see to it)."""

    __tablename__ = "audit_event"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    workspace_id: Mapped[str | None] = mapped_column(ID, index=True)
    at: Mapped[datetime]
    actor_id: Mapped[str | None] = mapped_column(ID)
    actor: Mapped[str] = mapped_column(Text(100))
    session_id: Mapped[str | None] = mapped_column(ID)
    action: Mapped[str] = mapped_column(Text(50))
    object_type: Mapped[str] = mapped_column(Text(50))
    object_id: Mapped[str | None] = mapped_column(Text(64))
    outcome: Mapped[str] = mapped_column(Text(20))
    details: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(Text(64))
    hash: Mapped[str] = mapped_column(Text(64))


class AuditHeadRow(Base):
    """How many audit rows there are and the last one's hash, signed with a key derived from the master key."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    hash: Mapped[str] = mapped_column(Text(64))
    signature: Mapped[str] = mapped_column(Text(64))
