"""The families there are, by name."""

from __future__ import annotations

from mmm.errors import ModelError
from mmm.models.averaged import AveragedModel
from mmm.models.base import Family, FittedModel
from mmm.models.boosted import BoostedModel, fit_boosted
from mmm.models.forest import SPACE as FOREST_SPACE
from mmm.models.forest import ForestModel, fit_forest
from mmm.models.hierarchical import HierarchicalModel, fit_hierarchical
from mmm.models.lasso import LassoModel, fit_lasso
from mmm.models.linear import LinearModel, fit_linear
from mmm.models.loglinear import LogLinearModel, fit_loglinear
from mmm.models.options import Setting
from mmm.models.pairwise import PairwiseModel, fit_pairwise
from mmm.models.recurrent import RecurrentModel, fit_recurrent
from mmm.models.ridge import RidgeModel, fit_ridge
from mmm.models.saturated import SPACE as TUNED_SPACE
from mmm.models.state import ModelState
from mmm.models.structural import StructuralModel, fit_structural
from mmm.models.varying import VaryingModel, fit_varying
from mmm.transforms.carryover import CARRY_OVERS
from mmm.transforms.saturation import SATURATIONS

STRUCTURAL_SPACE = (Setting("carry_over", tuple(CARRY_OVERS)), Setting("saturation", tuple(SATURATIONS)))
DEFAULT_FAMILY = "structural"  # what `auto` means while its health holds
# Asked where nobody chose: three different ways of thinking that all plan, in a fraction of the time of all families.
DEFAULT_FAMILIES = ("structural", "ridge", "xgboost")

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            "structural",
            "Structural (carry-over and saturation)",
            fit_structural,
            StructuralModel.from_state,
            says="Each channel carries over and saturates; learns from lift tests. The first choice.",
            space=STRUCTURAL_SPACE,
        ),
        Family(
            "varying",
            "Time-varying (effects that drift)",
            fit_varying,
            VaryingModel.from_state,
            says="The structural model whose channel effects may drift over time.",
        ),
        Family(
            "hierarchical",
            "Hierarchical (many markets)",
            fit_hierarchical,
            HierarchicalModel.from_state,
            says="The structural model for many markets: each has its own effects and learns from the others.",
        ),
        Family(
            "ridge",
            "Ridge",
            fit_ridge,
            RidgeModel.from_state,
            says="A regression on saturated carry-over, shrunk towards zero; fast and plain.",
            space=TUNED_SPACE,
        ),
        Family(
            "lasso",
            "Lasso",
            fit_lasso,
            LassoModel.from_state,
            says="Like ridge, but channels that explain little drop out entirely.",
            space=TUNED_SPACE,
        ),
        Family(
            "loglinear",
            "Log-linear (effects multiply)",
            fit_loglinear,
            LogLinearModel.from_state,
            says="Channels multiply sales instead of adding to them.",
            space=TUNED_SPACE,
        ),
        Family(
            "pairwise",
            "Linear with pairwise interactions",
            fit_pairwise,
            PairwiseModel.from_state,
            says="A regression in which two channels may be worth more together.",
            space=TUNED_SPACE,
        ),
        Family(
            "forest",
            "Random forest",
            fit_forest,
            ForestModel.from_state,
            says="Many small trees, averaged, on what a ridge regression leaves unexplained.",
            space=FOREST_SPACE,
        ),
        Family(
            "linear",
            "Linear regression (yardstick: forecasts, does not plan)",
            fit_linear,
            LinearModel.from_state,
            says="Plain regression on spend and its lags: what the others have to beat.",
        ),
        Family(
            "xgboost",
            "XGBoost (gradient-boosted trees)",
            fit_boosted,
            BoostedModel.from_state,
            says="Decision trees that look for what the structural model leaves unexplained.",
        ),
        Family(
            "recurrent",
            "Recurrent network",
            fit_recurrent,
            RecurrentModel.from_state,
            says="Small neural networks that read week after week for what the structural model leaves unexplained.",
        ),
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
    if state.family == AveragedModel.family:
        return AveragedModel.from_state(state)
    return family(state.family).load(state)
