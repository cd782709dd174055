"""Trees as arrays: what scikit-learn grew, kept and asked without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Trees:
    """Regression trees with as many nodes each as the largest has; node 0 is the root, a leaf is its own child.

    Attributes:
        left, right: children `[tree, node]`; feature: looked at `[tree, node]`, 0 in leaves.
        threshold: a row goes left where its feature is at most this `[tree, node]`.
        value: mean of a node `[tree, node]`.
    """

    left: IntArray
    right: IntArray
    feature: IntArray
    threshold: FloatArray
    value: FloatArray

    @classmethod
    def of(cls, grown: Sequence[DecisionTreeRegressor]) -> Self:
        """The trees that scikit-learn grew, each with one output."""
        trees = [regressor.tree_ for regressor in grown]
        shape = (len(trees), max(tree.node_count for tree in trees))
        own = np.broadcast_to(np.arange(shape[1]), shape)
        left, right, feature = own.copy(), own.copy(), np.zeros(shape, dtype=np.int64)
        threshold, value = np.zeros(shape), np.zeros(shape)
        for row, tree in enumerate(trees):
            inner = np.flatnonzero(tree.children_left >= 0)
            left[row, inner], right[row, inner] = tree.children_left[inner], tree.children_right[inner]
            feature[row, inner], threshold[row, inner] = tree.feature[inner], tree.threshold[inner]
            value[row, : tree.node_count] = tree.value[:, 0, 0]
        return cls(left, right, feature, threshold, value)

    def at(self, rows: FloatArray) -> FloatArray:
        """What each tree says of `rows [row, feature]`: `[row, tree]`.

        Features are compared in single precision, as scikit-learn compares them.
        """
        n_trees, n_nodes = self.value.shape
        seen = np.ascontiguousarray(rows, dtype=np.float32).astype(np.float64).ravel()
        start = np.arange(len(rows), dtype=np.int64)[:, None] * rows.shape[1]
        root = np.arange(n_trees, dtype=np.int64) * n_nodes
        flat = {name: values.ravel() for name, values in vars(self).items()}
        node = np.broadcast_to(root, (len(rows), n_trees))
        while True:
            goes_left = seen[start + flat["feature"][node]] <= flat["threshold"][node]
            below = root + np.where(goes_left, flat["left"][node], flat["right"][node])
            if np.array_equal(below, node):
                return np.asarray(flat["value"][node])
            node = below
