"""Rolling-origin folds, the same for every family: learn on the past, be asked about what came next.

Each fit is used twice. Fitted on the first 60, 80 and 100 % of what precedes the hold-out, a family forecasts the
periods that follow (a fold; the last is the hold-out), and the hold-out itself (the training curve: what more data
bring).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmm.data.inputs import DateArray
from mmm.data.panel import Panel
from mmm.models.base import Fit, FitSettings
from mmm.validation.holdout import MIN_TRAINING_PERIODS, first_kept_back
from mmm.validation.scores import Forecast, Scores, score, seasonal_naive

SHARES = (0.6, 0.8, 1.0)  # of what precedes the hold-out
REFRESHES = (8, 4)  # periods left out, as if the model had been fitted so long ago


@dataclass(frozen=True)
class Origin:
    """One fit on the periods before `cut`, and what it is asked to forecast.

    Attributes:
        cut: number of periods there are to learn from.
        tests: stretches of later periods, as indices.
        share: of what precedes the hold-out; None for a refresh.
    """

    cut: int
    tests: tuple[range, ...]
    share: float | None = None


def origins(n_periods: int, holdout: int | None = None) -> tuple[Origin, ...]:
    """The folds of a history, earliest first; the last one's test is the hold-out.

    Raises:
        DataError: too few periods would be left to learn from.
    """
    first = first_kept_back(n_periods, holdout)
    shares = {round(share * first): share for share in SHARES}
    cuts = [(cut, share) for cut, share in shares.items() if cut >= MIN_TRAINING_PERIODS]
    ends = [*(cut for cut, _ in cuts[1:]), n_periods]
    held = range(first, n_periods)
    return tuple(
        Origin(cut, (held,) if end == n_periods else (range(cut, end), held), share)
        for (cut, share), end in zip(cuts, ends, strict=True)
    )


def refreshes(n_periods: int) -> tuple[Origin, ...]:
    """Fits without the last 8 and the last 4 periods, asked about these; fewer where history is short."""
    cuts = (n_periods - left_out for left_out in REFRESHES)
    return tuple(Origin(cut, (range(cut, n_periods),)) for cut in cuts if cut >= MIN_TRAINING_PERIODS)


def forecasts(panel: Panel, fit: Fit, settings: FitSettings, origin: Origin) -> tuple[Forecast, ...]:
    """Fit on what precedes the cut and forecast every test; spend and controls are given, the KPI is not."""
    model = fit(panel.take(slice(0, origin.cut)), settings)
    tests = [slice(test.start, test.stop) for test in origin.tests]
    return tuple(
        Forecast.of(model, panel, test, seasonal_naive(panel, origin.cut, test), settings.seed) for test in tests
    )


@dataclass(frozen=True, eq=False)
class Fold:
    """Scores of one fold.

    Attributes:
        start, end: first day of the first and of the last period forecast.
        trained_on: periods there were to learn from.
    """

    start: str
    end: str
    trained_on: int
    scores: Scores


@dataclass(frozen=True, eq=False)
class CurvePoint:
    """The hold-out error of a fit on a share of what precedes the hold-out."""

    share: float
    trained_on: int
    scores: Scores


@dataclass(frozen=True, eq=False)
class FoldScores:
    """Every fold of a family, all of them pooled, and its training curve."""

    folds: tuple[Fold, ...]
    pooled: Scores
    curve: tuple[CurvePoint, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, without a NaN."""
        return {
            "folds": [
                {"start": f.start, "end": f.end, "trained_on": f.trained_on, **f.scores.as_dict()} for f in self.folds
            ],
            "pooled": self.pooled.as_dict(),
            "curve": [{"share": p.share, "trained_on": p.trained_on, **p.scores.as_dict()} for p in self.curve],
        }


def fold_scores(periods: DateArray, found: Mapping[Origin, Sequence[Forecast]]) -> FoldScores:
    """The scores of a family from the forecasts of its folds."""
    ordered = sorted((origin for origin in found if origin.share is not None), key=lambda origin: origin.cut)
    return FoldScores(
        folds=tuple(
            Fold(
                start=str(periods[origin.tests[0].start].astype("datetime64[D]")),
                end=str(periods[origin.tests[0].stop - 1].astype("datetime64[D]")),
                trained_on=origin.cut,
                scores=score(found[origin][:1]),
            )
            for origin in ordered
        ),
        pooled=score([found[origin][0] for origin in ordered]),
        curve=tuple(CurvePoint(origin.share or 1.0, origin.cut, score(found[origin][-1:])) for origin in ordered),
    )
