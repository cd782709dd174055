"""What pages ask about a dataset: its champion with everything needed to answer, or what is missing for that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from mmm.access import Actor, Permission
from mmm.data.inputs import DateArray, Frequency
from mmm.data.panel import Panel
from mmm.errors import NotFoundError
from mmm.models.base import FittedModel
from mmm.services.base import Kit, Service, requires
from mmm.services.cache import Recent
from mmm.services.datasets import DatasetInfo, Datasets, DatasetVersionInfo
from mmm.services.home import Answers, Home, answers, home_of
from mmm.services.models import ModelInfo, Models
from mmm.services.training import TRAIN

if TYPE_CHECKING:
    from mmm.effects.priors import PriorsAndPosteriors
    from mmm.study import Results

KEPT_RESULTS = 4  # decoded results; those of 20 markets take tens of megabytes
KEPT_PRIORS = 8  # kilobytes each
KEPT_ANSWERS = 8  # kilobytes each


class Stage(StrEnum):
    """How far a dataset is on its way to answers."""

    NO_DATA = "no_data"
    NO_MODEL = "no_model"
    TRAINING = "training"
    NO_CHAMPION = "no_champion"
    READY = "ready"


@dataclass(frozen=True)
class Readiness:
    """Whether there are answers, and otherwise what is missing.

    Attributes:
        stage: how far the data set is.
        missing: what is missing, in a sentence; "" when ready.
        who: who can do something about it, in a sentence; "" when ready.
        dataset: the data set asked about; None when there is none.
        progress: share of a running or waiting training that is done, 0..1, else None.
    """

    stage: Stage
    missing: str
    who: str
    dataset: DatasetInfo | None
    progress: float | None = None


@dataclass(frozen=True, eq=False)
class Workbench:
    """A champion with everything needed to answer.

    Attributes:
        dataset: the data set, with its newest version.
        version: the version the champion was fitted on.
        champion: the published model version with its health and hold-out figures.
        panel: the data it was fitted on.
        model: the model, to be asked.
        results: what it was asked once, when it was trained.
        through: last day the champion has seen.
    """

    dataset: DatasetInfo
    version: DatasetVersionInfo
    champion: ModelInfo
    panel: Panel
    model: FittedModel
    results: Results
    through: date

    @property
    def is_sample(self) -> bool:
        """The data are simulated and must be labelled sample wherever they show."""
        return self.dataset.is_sample

    @property
    def stale(self) -> bool:
        """A newer version of the data exists that the champion has not seen."""
        return self.dataset.latest.id != self.version.id


class Insight(Service):
    """Answers of the published models."""

    def __init__(self, kit: Kit, datasets: Datasets, models: Models) -> None:
        super().__init__(kit)
        self._datasets, self._models = datasets, models
        self._results: Recent[Results] = Recent(KEPT_RESULTS)
        self._answers: Recent[Answers] = Recent(KEPT_ANSWERS)
        self._priors: Recent[PriorsAndPosteriors | None] = Recent(KEPT_PRIORS)

    @requires(Permission.SEE_RESULTS)
    def readiness(self, actor: Actor, dataset_id: str | None = None) -> Readiness:
        """Whether a dataset has answers; without an id the newest one that has, else the newest.

        Raises:
            NotFoundError: there is no such dataset in this workspace.
        """
        dataset = self._dataset(actor, dataset_id)
        if dataset is None:
            who = "An analyst or an engineer can upload them on the Data page."
            return Readiness(Stage.NO_DATA, "There are no data yet.", who, None)
        if dataset.champion_id is not None:
            return Readiness(Stage.READY, "", "", dataset)
        progress = self._training(actor, dataset)
        if progress is not None:
            who = "Nothing needs to be done; an analyst publishes the model afterwards."
            return Readiness(Stage.TRAINING, f"A model of “{dataset.name}” is being trained.", who, dataset, progress)
        if self._models.list(actor, dataset.id):
            missing = f"Models of “{dataset.name}” are trained, but none is published."
            return Readiness(Stage.NO_CHAMPION, missing, "An analyst can publish one on the Models page.", dataset)
        missing = f"No model has been trained on “{dataset.name}” yet."
        return Readiness(Stage.NO_MODEL, missing, "An analyst can train one on the Train page.", dataset)

    @requires(Permission.SEE_RESULTS)
    def workbench(self, actor: Actor, dataset_id: str | None = None) -> Workbench:
        """The champion of a dataset, its data and the model itself; kept in memory, who asks is checked every time.

        Raises:
            NotFoundError: there is no such dataset, or it has no champion; `readiness` says what is missing.
        """
        ready = self.readiness(actor, dataset_id)
        if ready.dataset is None or ready.dataset.champion_id is None:
            raise NotFoundError(f"{ready.missing} {ready.who}")
        champion = self._models.get(actor, ready.dataset.champion_id)
        panel = self._datasets.panel(actor, champion.dataset_version_id)
        return Workbench(
            dataset=ready.dataset,
            version=self._datasets.version(actor, champion.dataset_version_id),
            champion=champion,
            panel=panel,
            model=self._models.fitted(actor, champion.id),
            results=self.results(actor, champion.id),
            through=last_day(panel.periods, panel.labels.frequency),
        )

    @requires(Permission.SEE_RESULTS)
    def results(self, actor: Actor, model_version_id: str) -> Results:
        """What a model was asked once, when it was trained.

        Raises:
            NotFoundError: there is no such model in this workspace.
            DataError: the results were written by another version; train again.
        """
        model = self._models.get(actor, model_version_id)
        return self._results.get(model.id, lambda: read_results(self._models.results(actor, model.id)))

    @requires(Permission.SEE_RESULTS)
    def priors(self, actor: Actor, model_version_id: str) -> PriorsAndPosteriors | None:
        """What was believed of each channel before the data, and what the data made of it; None without priors.

        Raises:
            NotFoundError: there is no such model in this workspace.
        """
        from mmm.effects.priors import prior_against_posterior

        model = self._models.get(actor, model_version_id)
        return self._priors.get(
            model.id,
            lambda: prior_against_posterior(
                self._models.fitted(actor, model.id), self._datasets.panel(actor, model.dataset_version_id)
            ),
        )

    @requires(Permission.SEE_RESULTS)
    def home(self, actor: Actor, dataset_id: str | None = None) -> Home:
        """What changed, the next moves worth making, and what the model does not know.

        Raises:
            NotFoundError: as `workbench`.
        """
        bench = self.workbench(actor, dataset_id)
        stored = bench.results
        found = self._answers.get(
            bench.champion.id, lambda: answers(bench.model, bench.panel, stored.decomposition, stored.roi)
        )
        newer = bench.dataset.latest.number if bench.stale else None
        return home_of(found, bench.panel, bench.champion.status, newer)

    def _dataset(self, actor: Actor, dataset_id: str | None) -> DatasetInfo | None:
        if dataset_id is not None:
            return self._datasets.get(actor, dataset_id)
        found = self._datasets.list(actor)
        with_champion = [dataset for dataset in found if dataset.champion_id is not None]
        return next(iter([*with_champion, *found]), None)

    def _training(self, actor: Actor, dataset: DatasetInfo) -> float | None:
        with self._work(read_only=True) as uow:
            versions = {row.id for row in uow.datasets.versions(actor.workspace_id, dataset.id)}
            shares = [
                row.progress
                for row in uow.jobs.live()
                if row.kind == TRAIN and row.params.get("dataset_version_id") in versions
            ]
        return max(shares, default=None)


def read_results(stored: bytes) -> Results:
    """The results that the training packed.

    Raises:
        DataError: the bytes are damaged, or were written by another version; train again.
    """
    from mmm.data.codec import load
    from mmm.study import Results

    return load(stored, Results)


def last_day(periods: DateArray, frequency: Frequency) -> date:
    """The last day of the last period."""
    first: date = periods[-1].astype("datetime64[D]").item()
    if frequency is Frequency.MONTH:
        following = periods[-1].astype("datetime64[M]") + 1
        end: date = (following.astype("datetime64[D]") - 1).item()
        return end
    return date.fromordinal(first.toordinal() + round(frequency.days) - 1)
