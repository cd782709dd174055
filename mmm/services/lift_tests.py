"""Lift tests of a data set: what experiments measured, added, withdrawn and handed to trainings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from mmm.access import Actor, Permission
from mmm.data.attach import Attached, attach
from mmm.data.lift import LiftTest
from mmm.data.readouts import ReadOut, read_lift_file, read_outs
from mmm.errors import ConflictError, NotFoundError, SpecError
from mmm.services.base import Service, requires
from mmm.services.versions import GONE, find_dataset, read_panel
from mmm.store.tables import DatasetVersionRow, LiftTestRow, ModelVersionRow, new_id
from mmm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from mmm.data.panel import Panel

MAX_NOTES = 500  # characters: where the figure comes from, and who ran it
MAX_LIVE = 500  # tests of a data set at once; each is replayed in every step of a fit


@dataclass(frozen=True)
class LiftTestInfo:
    """A lift test as people see it.

    Attributes:
        read: channel, market, window, lift and standard error, and what they are counted in.
        notes: where the figure comes from.
        created_by: display name.
        withdrawn_at: since when it counts no more; None for a live test.
    """

    id: str
    read: ReadOut
    notes: str
    created_by: str
    created_at: datetime
    withdrawn_at: datetime | None

    @property
    def live(self) -> bool:
        """Whether trainings use it."""
        return self.withdrawn_at is None


@dataclass(frozen=True, eq=False)
class PanelWithTests:
    """A version's panel with its data set's live tests.

    Attributes:
        attached: the panel, and which tests it replays.
        ids: the live tests' ids, in the order they were given to `attached`.
    """

    attached: Attached
    ids: tuple[str, ...]

    @property
    def record(self) -> dict[str, Any]:
        """What a model version keeps of it: ids of the tests used, and of those left out the kind of reason."""
        return {
            "used": [self.ids[place] for place in self.attached.used],
            "left_out": {self.ids[left.place]: left.why for left in self.attached.left_out},
        }


class LiftTests(Service):
    """Lift tests belong to a data set and outlive its versions. Figures and names are sealed and in no audit row."""

    @requires(Permission.SEE_DATA, Permission.TRAIN)
    def all(self, actor: Actor, dataset_id: str) -> tuple[LiftTestInfo, ...]:
        """Every test of a data set by its first day, withdrawn ones too.

        Raises:
            NotFoundError: there is no such data set in this workspace.
        """
        with self._work(read_only=True) as uow:
            find_dataset(uow, actor, dataset_id)
            names = uow.users.display_names(actor.workspace_id)
            return tuple(_info(uow, row, names) for row in uow.lift_tests.all(actor.workspace_id, dataset_id))

    @requires(Permission.UPLOAD_DATA)
    def add(self, actor: Actor, dataset_id: str, row: Mapping[str, Any], *, notes: str = "") -> LiftTestInfo:
        """Add one test from plain values, as `mmm.data.readouts.read_outs` takes them.

        Raises:
            SpecError: the values make no test, or the notes are too long; everything wrong is named at once.
            ConflictError: the data set has this very test already, or as many as it may have.
            NotFoundError: there is no such data set in this workspace.
        """
        found, problems = read_outs([row])
        if problems:
            raise SpecError("The test cannot be used: " + "; ".join(what.partition(": ")[2] for what in problems) + ".")
        (info,) = self._store(actor, dataset_id, found, notes)
        return info

    @requires(Permission.UPLOAD_DATA)
    def add_file(
        self, actor: Actor, dataset_id: str, name: str, content: bytes, *, notes: str = ""
    ) -> tuple[LiftTestInfo, ...]:
        """Add every test of a CSV or workbook, or none of them.

        Raises:
            DataError: the file cannot be read as tests.
            SpecError, ConflictError, NotFoundError: as `add`.
        """
        return self._store(actor, dataset_id, read_lift_file(name, content), notes or name)

    @requires(Permission.UPLOAD_DATA)
    def withdraw(self, actor: Actor, test_id: str) -> None:
        """Let a test count no more from the next training on.

        Raises:
            ConflictError: it is withdrawn already.
            NotFoundError: there is no such test in this workspace.
        """
        with self._work() as uow:
            row = uow.lift_tests.get(actor.workspace_id, test_id)
            if row is None:
                raise NotFoundError("There is no such lift test in this workspace.")
            if row.withdrawn_at is not None:
                raise ConflictError("This lift test is withdrawn already.")
            uow.lift_tests.withdraw(row, self._now())
            _record(uow, actor, "withdraw_lift_test", row, self._now())
            uow.commit()

    def _store(self, actor: Actor, dataset_id: str, found: Sequence[ReadOut], notes: str) -> tuple[LiftTestInfo, ...]:
        words = " ".join(notes.split())
        if len(words) > MAX_NOTES:
            raise SpecError(f"The notes have {len(words)} characters; {MAX_NOTES} are kept at most.")
        with self._work() as uow:
            find_dataset(uow, actor, dataset_id)
            names = uow.users.display_names(actor.workspace_id)
            live = uow.lift_tests.all(actor.workspace_id, dataset_id, withdrawn=False)
            _refuse_twice(found, [_read_out(uow, row) for row in live])
            if len(live) + len(found) > MAX_LIVE:
                raise ConflictError(f"A data set keeps at most {MAX_LIVE} live tests; withdraw some first.")
            made = []
            for read in found:
                row = LiftTestRow(
                    id=new_id(),
                    workspace_id=actor.workspace_id,
                    dataset_id=dataset_id,
                    first=read.test.start.item(),
                    last=read.test.end.item(),
                    created_by=actor.user_id,
                    created_at=self._now(),
                )
                uow.lift_tests.add(row, _payload(read, words))
                _record(uow, actor, "add_lift_test", row, self._now())
                made.append(_info(uow, row, names))
            uow.commit()
        return tuple(made)


def panel_with_tests(uow: UnitOfWork, version: DatasetVersionRow, panel: Panel | None = None) -> PanelWithTests:
    """The panel of a version with its data set's live tests; those it cannot replay are named with the reason.

    Args:
        uow: where to read.
        version: the version.
        panel: its panel, where it has been opened already.
    """
    rows = uow.lift_tests.all(version.workspace_id, version.dataset_id, withdrawn=False)
    opened = read_panel(uow, version) if panel is None else panel
    return PanelWithTests(attach(opened, [_read_out(uow, row) for row in rows]), tuple(row.id for row in rows))


def tests_used(row: ModelVersionRow) -> tuple[str, ...]:
    """Ids of the lift tests that went into the fit."""
    return tuple((row.metrics.get("lift_tests") or {}).get("used", ()))


def panel_as_trained(uow: UnitOfWork, version: DatasetVersionRow, ids: Sequence[str]) -> Panel:
    """The panel of a version with the tests that a fit used, live or withdrawn since.

    Args:
        uow: where to read.
        version: the version.
        ids: the tests, in the order in which they were used.
    """
    rows = [row for test_id in ids if (row := uow.lift_tests.get(version.workspace_id, test_id)) is not None]
    return attach(read_panel(uow, version), [_read_out(uow, row) for row in rows]).panel


def _refuse_twice(found: Sequence[ReadOut], live: Sequence[ReadOut]) -> None:
    """A test that is there already would count twice."""
    for place, read in enumerate(found):
        if read in live or read in found[:place]:
            raise ConflictError(
                f"The lift test of “{read.test.channel}” from {read.test.start} to {read.test.end} is there already; "
                "the same result twice would count double. Nothing was stored."
            )


def _record(uow: UnitOfWork, actor: Actor, action: str, row: LiftTestRow, at: datetime) -> None:
    """An audit row that says when and for which data, and no figure."""
    details = {"dataset_id": row.dataset_id, "first": str(row.first), "last": str(row.last)}
    uow.audit.record(actor, action, "lift_test", row.id, details=details, at=at)


def _payload(read: ReadOut, notes: str) -> bytes:
    test = read.test
    figures = {"channel": test.channel, "market": test.market, "lift": test.lift, "se": test.se, "unit": read.unit}
    return json.dumps({**figures, "notes": notes}, ensure_ascii=False).encode()


def _read_out(uow: UnitOfWork, row: LiftTestRow) -> ReadOut:
    return _opened(row.first, row.last, json.loads(uow.lift_tests.payload(row)))


def _opened(first: date, last: date, held: Mapping[str, Any]) -> ReadOut:
    window = (np.datetime64(first), np.datetime64(last))
    test = LiftTest(held["channel"], *window, held["lift"], held["se"], held["market"])
    return ReadOut(test, "money" if held["unit"] == "money" else "kpi")


def _info(uow: UnitOfWork, row: LiftTestRow, names: Mapping[str, str]) -> LiftTestInfo:
    held = json.loads(uow.lift_tests.payload(row))
    return LiftTestInfo(
        id=row.id,
        read=_opened(row.first, row.last, held),
        notes=held["notes"],
        created_by=names.get(row.created_by, GONE),
        created_at=row.created_at,
        withdrawn_at=row.withdrawn_at,
    )
