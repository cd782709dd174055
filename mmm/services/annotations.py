"""What happened when: launches, promotions and outages, noted once and drawn on every chart over time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import get_args

from mmm.access import Actor, Permission
from mmm.charts.marks import Kind, Mark
from mmm.errors import NotFoundError, SpecError
from mmm.services.base import Service, requires
from mmm.services.versions import GONE, find_dataset
from mmm.store.tables import AnnotationRow, new_id
from mmm.store.unit_of_work import UnitOfWork

MAX_TEXT = 200  # characters; a chart shows a few words, its hover the rest


@dataclass(frozen=True)
class Annotation:
    """Something that happened from `first` to `last`, both included.

    Attributes:
        market: where it happened; None everywhere.
        created_by: display name.
    """

    id: str
    kind: Kind
    first: date
    last: date
    text: str
    market: str | None
    created_by: str
    created_at: datetime


class Annotations(Service):
    """Annotations belong to a data set and outlive its versions. Their words are sealed and in no audit row."""

    @requires(Permission.SEE_RESULTS, Permission.SEE_DATA)
    def all(self, actor: Actor, dataset_id: str) -> tuple[Annotation, ...]:
        """Everything noted about a data set, by its first day.

        Raises:
            NotFoundError: there is no such data set in this workspace.
        """
        with self._work(read_only=True) as uow:
            find_dataset(uow, actor, dataset_id)
            names = uow.users.display_names(actor.workspace_id)
            return tuple(_annotation(uow, row, names) for row in uow.annotations.all(actor.workspace_id, dataset_id))

    @requires(Permission.SEE_RESULTS, Permission.SEE_DATA)
    def marks(self, actor: Actor, dataset_id: str) -> tuple[Mark, ...]:
        """The annotations of a data set as charts take them; one of a single market names it.

        Raises:
            NotFoundError: there is no such data set in this workspace.
        """
        return tuple(
            Mark(note.first, note.last, note.kind, note.text if note.market is None else f"{note.text} ({note.market})")
            for note in self.all(actor, dataset_id)
        )

    @requires(Permission.UPLOAD_DATA)
    def add(
        self,
        actor: Actor,
        dataset_id: str,
        *,
        kind: str,
        first: date,
        last: date,
        text: str,
        market: str | None = None,
    ) -> Annotation:
        """Note something about a data set.

        Raises:
            SpecError: it has no words or too many, ends before it begins, or is of an unknown kind.
            NotFoundError: there is no such data set in this workspace.
        """
        payload = _payload(kind, first, last, text, market)
        with self._work() as uow:
            find_dataset(uow, actor, dataset_id)
            row = AnnotationRow(
                id=new_id(),
                workspace_id=actor.workspace_id,
                dataset_id=dataset_id,
                kind=kind,
                first=first,
                last=last,
                created_by=actor.user_id,
                created_at=self._now(),
            )
            uow.annotations.add(row, payload)
            note = self._noted(uow, actor, "add_annotation", row)
            uow.commit()
        return note

    @requires(Permission.UPLOAD_DATA)
    def change(
        self,
        actor: Actor,
        annotation_id: str,
        *,
        kind: str,
        first: date,
        last: date,
        text: str,
        market: str | None = None,
    ) -> Annotation:
        """Put other dates or words in place of what was noted; who noted it first stays.

        Raises:
            SpecError: as `add`.
            NotFoundError: there is no such annotation in this workspace.
        """
        payload = _payload(kind, first, last, text, market)
        with self._work() as uow:
            row = _found(uow, actor, annotation_id)
            row.kind, row.first, row.last = kind, first, last
            uow.annotations.add(row, payload)
            note = self._noted(uow, actor, "change_annotation", row)
            uow.commit()
        return note

    @requires(Permission.UPLOAD_DATA)
    def remove(self, actor: Actor, annotation_id: str) -> None:
        """Take an annotation away.

        Raises:
            NotFoundError: there is no such annotation in this workspace.
        """
        with self._work() as uow:
            row = _found(uow, actor, annotation_id)
            self._noted(uow, actor, "remove_annotation", row)
            uow.annotations.remove(row)
            uow.commit()

    def _noted(self, uow: UnitOfWork, actor: Actor, action: str, row: AnnotationRow) -> Annotation:
        """The annotation, with an audit row that says when and what kind and not in which words."""
        details = {"dataset_id": row.dataset_id, "kind": row.kind, "first": str(row.first), "last": str(row.last)}
        uow.audit.record(actor, action, "annotation", row.id, details=details, at=self._now())
        return _annotation(uow, row, uow.users.display_names(actor.workspace_id))


def _payload(kind: str, first: date, last: date, text: str, market: str | None) -> bytes:
    words = " ".join(text.split())
    if kind not in get_args(Kind):
        raise SpecError(f"“{kind}” is no kind of annotation; choose {', '.join(get_args(Kind))}.")
    if not words or len(words) > MAX_TEXT:
        raise SpecError(f"Say in 1 to {MAX_TEXT} characters what happened.")
    if last < first:
        raise SpecError(f"It ends on {last}, before it begins on {first}. Exchange the two dates.")
    return json.dumps({"text": words, "market": market or None}, ensure_ascii=False).encode()


def _found(uow: UnitOfWork, actor: Actor, annotation_id: str) -> AnnotationRow:
    row = uow.annotations.get(actor.workspace_id, annotation_id)
    if row is None:
        raise NotFoundError("There is no such annotation in this workspace; somebody may have removed it.")
    return row


def _annotation(uow: UnitOfWork, row: AnnotationRow, names: dict[str, str]) -> Annotation:
    payload = json.loads(uow.annotations.payload(row))
    kind = next(kind for kind in get_args(Kind) if kind == row.kind)
    return Annotation(
        id=row.id,
        kind=kind,
        first=row.first,
        last=row.last,
        text=payload["text"],
        market=payload["market"],
        created_by=names.get(row.created_by, GONE),
        created_at=row.created_at,
    )
