"""The audit table: append-only, hash-chained, its head signed.

Each row's hash covers its content and the hash before it, so a changed, removed or inserted row breaks the chain at
that row. A shortened tail leaves a chain that is whole in itself; the signed head (`audit_head`: number of rows, last
hash, keyed by the master key) betrays it. What the chain cannot see: somebody who puts back a complete older copy of
the whole database, or who holds the master key. Against those, note `AuditVerdict.anchor` outside the machine from time
to time and hand it to `verify`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mmm.access import Actor
from mmm.errors import IntegrityError
from mmm.store.keys import ruling_key
from mmm.store.master import Keyring, MasterKey
from mmm.store.tables import AuditEventRow, AuditHeadRow
from mmm.store.text import storable, storable_tree

GENESIS = "0" * 64  # "the hash before the first row"
HEAD_ID = 1
OK = "ok"
REFUSED = "refused"
FAILED = "failed"


@dataclass(frozen=True)
class AuditEvent:
    """One row of the audit table, as shown to people. `at` is UTC."""

    seq: int
    at: datetime
    actor: str
    session_id: str | None
    action: str
    object_type: str
    object_id: str | None
    outcome: str
    details: Mapping[str, Any]


@dataclass(frozen=True)
class AuditVerdict:
    """Whether the chain is whole.

    Attributes:
        count: rows walked.
        broken_at: number of the first row that does not fit; None when all rows fit.
        problem: what is wrong, in words; "" when nothing is.
        anchor: `<rows>:<hash of the last>`; noted elsewhere, it proves later that nothing was put back.
    """

    ok: bool
    count: int
    broken_at: int | None
    problem: str
    anchor: str


class AuditLog:
    """Appends to the chain and walks it, inside one unit of work."""

    def __init__(self, session: Session, keyring: Keyring) -> None:
        self._session = session
        self._keyring = keyring

    def record(
        self,
        actor: Actor | None,
        action: str,
        object_type: str,
        object_id: str | None = None,
        *,
        outcome: str = OK,
        details: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> int:
        """Append one event and return its number; it becomes visible when the unit of work commits.

        Raises:
            IntegrityError: the head is missing or its signature does not fit: the table was tampered with.
        """
        head = self._head()
        row = AuditEventRow(
            seq=head.count + 1,
            workspace_id=actor.workspace_id if actor else None,
            at=at or datetime.now(UTC),
            actor_id=actor.user_id if actor else None,
            actor=actor.username if actor else "",
            session_id=(actor.session_id or None) if actor else None,
            action=action,
            object_type=object_type,
            object_id=None if object_id is None else storable(object_id),
            outcome=outcome,
            details=storable_tree(dict(details or {})),  # the hash is of what will be read again
            previous=head.hash,
        )
        row.hash = _digest(row)
        head.count, head.hash = row.seq, row.hash
        head.signature = ruling_key(self._session, self._keyring).sign(_head_text(head))
        self._session.add(row)
        self._session.flush()
        return row.seq

    def events(
        self,
        workspace_id: str,
        *,
        limit: int = 200,
        before: int | None = None,
        actor: str | None = None,
        actions: Sequence[str] = (),
        outcome: str | None = None,
        object_id: str | None = None,
    ) -> tuple[AuditEvent, ...]:
        """Newest first: events of the workspace, and those that belong to none (unknown people at the door)."""
        wanted = select(AuditEventRow).where(
            (AuditEventRow.workspace_id == workspace_id) | AuditEventRow.workspace_id.is_(None)
        )
        if before is not None:
            wanted = wanted.where(AuditEventRow.seq < before)
        if actor is not None:
            wanted = wanted.where(AuditEventRow.actor == actor)
        if actions:
            wanted = wanted.where(AuditEventRow.action.in_(actions))
        if outcome is not None:
            wanted = wanted.where(AuditEventRow.outcome == outcome)
        if object_id is not None:
            wanted = wanted.where(AuditEventRow.object_id == object_id)
        rows = self._session.scalars(wanted.order_by(AuditEventRow.seq.desc()).limit(limit))
        return tuple(_event(row) for row in rows)

    def verify(self, anchor: str | None = None) -> AuditVerdict:
        """Walk the whole chain and say where it first breaks.

        Args:
            anchor: an `AuditVerdict.anchor` noted earlier; the chain must still contain that row.
        """
        noted = _parse_anchor(anchor)
        previous, count = GENESIS, 0
        for row in self._session.scalars(
            select(AuditEventRow).order_by(AuditEventRow.seq).execution_options(yield_per=500)
        ):
            problem = _row_problem(row, count + 1, previous)
            if problem is None and noted is not None and noted[0] == row.seq and noted[1] != row.hash:
                problem = f"row {row.seq} is not the one that was noted as anchor"
            if problem is not None:
                return AuditVerdict(False, count, count + 1, problem, _anchor(count, previous))
            previous, count = row.hash, count + 1
        problem = self._head_problem(count, previous)
        if problem is None and noted is not None and noted[0] > count:
            problem = f"the anchor names row {noted[0]}, but the table ends at row {count}"
        return AuditVerdict(problem is None, count, None, problem or "", _anchor(count, previous))

    def is_signed(self) -> bool:
        """True when this installation signed the head as it is; also where there is no row yet."""
        head = self._session.get(AuditHeadRow, HEAD_ID)
        if head is None:
            return not self._session.scalar(select(func.count()).select_from(AuditEventRow))
        return ruling_key(self._session, self._keyring).signed(_head_text(head), head.signature)

    def require_signed(self) -> None:
        """Refuse to go on from a head that this installation did not sign.

        Raises:
            IntegrityError: it is missing or its signature does not fit: the table was tampered with.
        """
        if not self.is_signed():
            raise IntegrityError(
                "The head of the audit chain is gone or not signed by this installation's master key, so nothing more "
                "is recorded and nothing more can be done. Run “mmm audit verify” and restore a backup."
            )

    def sign(self, master: MasterKey) -> None:
        """Sign the head as it is; only for a head that was found signed, and in the transaction that flushes it."""
        head = self._session.get(AuditHeadRow, HEAD_ID)
        if head is not None:
            head.signature = master.sign(_head_text(head))

    def _head(self) -> AuditHeadRow:
        self.require_signed()
        head = self._session.get(AuditHeadRow, HEAD_ID)
        if head is None:
            head = AuditHeadRow(id=HEAD_ID, count=0, hash=GENESIS, signature="")
            self._session.add(head)
        return head

    def _head_problem(self, count: int, last: str) -> str | None:
        head = self._session.get(AuditHeadRow, HEAD_ID)
        if head is None:
            return "the head of the chain is gone"
        if not self.is_signed():
            return "the head of the chain is not signed by this installation's master key"
        if head.count != count or head.hash != last:
            return f"the head names {head.count} rows, but {count} are there: the end of the table was cut off"
        return None


def _row_problem(row: AuditEventRow, expected: int, previous: str) -> str | None:
    if row.seq != expected:
        return f"row {expected} is missing"
    if row.previous != previous:
        return f"row {row.seq} does not follow the row before it"
    if row.hash != _digest(row):
        return f"row {row.seq} was changed after it was written"
    return None


def _digest(row: AuditEventRow) -> str:
    content = {
        "seq": row.seq,
        "workspace_id": row.workspace_id,
        "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": row.actor_id,
        "actor": row.actor,
        "session_id": row.session_id,
        "action": row.action,
        "object_type": row.object_type,
        "object_id": row.object_id,
        "outcome": row.outcome,
        "details": row.details,
        "previous": row.previous,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _event(row: AuditEventRow) -> AuditEvent:
    return AuditEvent(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        session_id=row.session_id,
        action=row.action,
        object_type=row.object_type,
        object_id=row.object_id,
        outcome=row.outcome,
        details=row.details,
    )


def _head_text(head: AuditHeadRow) -> str:
    return _anchor(head.count, head.hash)


def _anchor(count: int, last: str) -> str:
    return f"{count}:{last}"


def _parse_anchor(anchor: str | None) -> tuple[int, str] | None:
    if anchor is None:
        return None
    count, _, digest = anchor.partition(":")
    if not count.isdecimal() or len(digest) != len(GENESIS):
        raise IntegrityError(
            "An anchor looks like <number of rows>:<64 hexadecimal digits>, as “audit verify” prints it."
        )
    return int(count), digest
