from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.data.folds import rolling_folds
from mmm.errors import DataError


class TestRollingFolds:
    @given(st.integers(2, 400), st.integers(1, 8), st.one_of(st.none(), st.integers(1, 60)))
    def test_learn_on_the_past_only_and_end_with_the_last_period(
        self, n: int, n_folds: int, horizon: int | None
    ) -> None:
        folds = rolling_folds(n, n_folds, horizon)
        assert 1 <= len(folds) <= n_folds
        assert folds[-1].test.stop == n
        for fold in folds:
            assert fold.train.start == 0
            assert fold.train.stop == fold.test.start
            assert fold.train.stop >= max(1, n // 2 - 1)
            assert fold.test.stop > fold.test.start

    @given(st.integers(2, 400), st.integers(1, 8))
    def test_follow_one_another_without_a_gap(self, n: int, n_folds: int) -> None:
        folds = rolling_folds(n, n_folds)
        for earlier, later in itertools.pairwise(folds):
            assert earlier.test.stop == later.test.start

    def test_are_fewer_where_history_is_short(self) -> None:
        assert len(rolling_folds(20, n_folds=5, horizon=4)) == 2

    @pytest.mark.parametrize(("n", "n_folds", "horizon"), [(1, 3, None), (50, 0, None), (50, 3, 0)])
    def test_are_refused_where_there_is_nothing_to_cut(self, n: int, n_folds: int, horizon: int | None) -> None:
        with pytest.raises(DataError, match="cannot be cut"):
            rolling_folds(n, n_folds, horizon)
