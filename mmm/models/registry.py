"""The families there are, by name."""

from __future__ import annotations

from mmm.errors import ModelError
from mmm.models.base import Family, FittedModel
from mmm.models.boosted import BoostedModel, fit_boosted
from mmm.models.hierarchical import HierarchicalModel, fit_hierarchical
from mmm.models.lasso import LassoModel, fit_lasso
from mmm.models.linear import LinearModel, fit_linear
from mmm.models.loglinear import LogLinearModel, fit_loglinear
from mmm.models.pairwise import PairwiseModel, fit_pairwise
from mmm.models.ridge import RidgeModel, fit_ridge
from mmm.models.state import ModelState
from mmm.models.structural import StructuralModel, fit_structural
from mmm.models.varying import VaryingModel, fit_varying

DEFAULT_FAMILY = "structural"  # what `auto` means while its health holds

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("structural", "Structural (carry-over and saturation)", fit_structural, StructuralModel.from_state),
        Family("hierarchical", "Hierarchical (many markets)", fit_hierarchical, HierarchicalModel.from_state),
        Family("varying", "Time-varying (effects that drift)", fit_varying, VaryingModel.from_state),
        Family("ridge", "Ridge", fit_ridge, RidgeModel.from_state),
        Family("lasso", "Lasso", fit_lasso, LassoModel.from_state),
        Family("loglinear", "Log-linear (effects multiply)", fit_loglinear, LogLinearModel.from_state),
        Family("pairwise", "Linear with pairwise interactions", fit_pairwise, PairwiseModel.from_state),
        Family("linear", "Linear regression (yardstick: forecasts, does not plan)", fit_linear, LinearModel.from_state),
        Family("xgboost", "XGBoost (gradient-boosted trees)", fit_boosted, BoostedModel.from_state),
    )
}


def family(name: str) -> Family:
    """The family of that name.

    Raises:
        ModelError: there is none.
    """
    try:
        return FAMILIES[name]
    except KeyError:
        raise ModelError(f"There is no model family “{name}”; there are {', '.join(FAMILIES)}.") from None


def load(state: ModelState) -> FittedModel:
    """The fitted model that a stored state describes."""
    return family(state.family).load(state)
