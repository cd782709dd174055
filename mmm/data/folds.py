"""Rolling-origin folds: learn on the past, be tested on what came next, and never the other way round."""

from __future__ import annotations

from dataclasses import dataclass

from mmm.errors import DataError

FIRST_SHARE = 0.5  # of the periods are there to learn from in the first fold


@dataclass(frozen=True)
class Fold:
    """One cut through time.

    Attributes:
        train: the periods before the cut, from the first one.
        test: the periods right after it.
    """

    train: slice
    test: slice


def rolling_folds(n_periods: int, n_folds: int = 3, horizon: int | None = None) -> tuple[Fold, ...]:
    """Folds whose tests follow one another without a gap and end with the last period (Tashman 2000).

    Args:
        n_periods: periods of history.
        n_folds: how many cuts at most; fewer where history is short.
        horizon: periods of each test; None lets the tests fill what `FIRST_SHARE` leaves.

    Raises:
        DataError: history is too short for even one fold.
    """
    room = n_periods - max(1, round(FIRST_SHARE * n_periods))
    if n_folds < 1 or room < 1 or (horizon is not None and horizon < 1):
        raise DataError(f"{n_periods} periods cannot be cut into {n_folds} folds; at least two periods are needed.")
    length = max(1, min(room // n_folds if horizon is None else horizon, room))
    count = min(n_folds, room // length)
    cuts = [n_periods - length * (count - k) for k in range(count)]
    return tuple(Fold(slice(0, cut), slice(cut, cut + length)) for cut in cuts)
