"""The audit record as a person reads it, and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mmm.services.exports import to_csv

if TYPE_CHECKING:
    from mmm.store.audit import AuditEvent, AuditVerdict

COLUMNS = ("Number", "Time (UTC)", "Who", "What", "On", "Outcome", "Details")


def words(action: str) -> str:
    """`sign_in` as people read it."""
    return action.replace("_", " ")


def table(events: Iterable[AuditEvent]) -> list[dict[str, object]]:
    """One dict a row, in the order of `COLUMNS`; times stay times."""
    return [dict(zip(COLUMNS, _cells(event), strict=True)) for event in events]


def _cells(event: AuditEvent) -> tuple[object, ...]:
    on = f"{event.object_type} {(event.object_id or '')[:8]}".strip()
    details = "; ".join(f"{words(key)}: {_plain(value)}" for key, value in event.details.items())
    return event.seq, event.at, event.actor or "somebody unknown", words(event.action), on, event.outcome, details


def _plain(value: object) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)


def headline(events: Sequence[AuditEvent]) -> str:
    """What stands out in the events shown."""
    if not events:
        return "No event matches."
    refused = sum(event.outcome != "ok" for event in events)
    if not refused:
        return f"Nothing was refused in the last {len(events)} events."
    return f"{refused} of the last {len(events)} events {'was' if refused == 1 else 'were'} refused or failed."


def verdict_words(verdict: AuditVerdict) -> str:
    """The result of walking the chain, in a sentence or two."""
    if verdict.ok:
        return f"The record is whole: {verdict.count} events, each sealed to the one before it."
    return f"The record was changed outside this program. {verdict.problem}"


def as_csv(events: Iterable[AuditEvent]) -> bytes:
    """The events as UTF-8 CSV that a spreadsheet opens without computing anything in it."""
    rows = ((event.seq, event.at.isoformat(timespec="seconds"), *_cells(event)[2:]) for event in events)
    return to_csv([COLUMNS, *rows])
