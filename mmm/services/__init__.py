"""What a person may do: permission, transaction, audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from mmm.jobs.executor import Executor
    from mmm.services.accounts import Accounts
    from mmm.services.annotations import Annotations
    from mmm.services.audit import Audit
    from mmm.services.backups import Backups
    from mmm.services.datasets import Datasets
    from mmm.services.desk import Desk
    from mmm.services.insight import Insight
    from mmm.services.jobs import Jobs
    from mmm.services.keys import Keys
    from mmm.services.lift_tests import LiftTests
    from mmm.services.models import Models
    from mmm.services.planning import Planning
    from mmm.services.plans import Plans
    from mmm.services.questions import Questions
    from mmm.services.reproduction import Reproduction
    from mmm.services.training import Training
    from mmm.services.twins import Twins
    from mmm.services.users import Users
    from mmm.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Services:
    """One attribute an area; built only in `mmm.bootstrap`.

    `executor` runs the jobs once somebody calls its `start()` (the server does); `close()` ends it with the rest.
    """

    accounts: Accounts
    users: Users
    audit: Audit
    backups: Backups
    keys: Keys
    datasets: Datasets
    desk: Desk
    annotations: Annotations
    lift_tests: LiftTests
    models: Models
    insight: Insight
    questions: Questions
    planning: Planning
    plans: Plans
    jobs: Jobs
    training: Training
    twins: Twins
    reproduction: Reproduction
    executor: Executor
    unit_of_work: Callable[..., AbstractContextManager[UnitOfWork]]
    close: Callable[[], None]
