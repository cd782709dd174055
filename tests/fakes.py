"""A fitted model whose every answer is known in closed form, and panels to ask it about."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from mmm.data.inputs import ControlRole, Frequency, Inputs, Labels
from mmm.data.panel import KpiKind, Panel
from mmm.models.base import FittedModel, MediaTerms
from mmm.models.state import ModelState

CHANNELS = ("search", "social", "tv", "print")


class FakeModel(FittedModel):
    """Geometric adstock, saturation a / (a + half), and one pairwise term: all parameters are given.

    Adstocked spend is `a_t = x_t + decay * a_(t-1)` from a_0 = 0. KPI = base + trend * t + control * weight
    + sum beta_c s_c + gamma s_i s_j, scaled by market size.
    """

    family: ClassVar[str] = "fake"

    def __init__(
        self,
        labels: Labels,
        *,
        beta: np.ndarray,
        decay: np.ndarray,
        half: np.ndarray,
        gamma: np.ndarray | None = None,
        pair: tuple[int, int] = (0, 1),
        size: np.ndarray | None = None,
        base: float = 1000.0,
        with_terms: bool = True,
    ) -> None:
        self.labels = labels
        self.beta, self.decay, self.half, self.pair, self.base = beta, decay, half, pair, base
        self.gamma = np.zeros(len(beta)) if gamma is None else gamma
        self.size = np.ones(len(labels.markets)) if size is None else size
        self.with_terms = with_terms
        self.noise_sd = np.full((len(beta), len(labels.markets)), 20.0)
        self.diagnostics: dict[str, Any] = {}
        self.calls = 0

    def saturated(self, inputs: Inputs, periods: slice) -> np.ndarray:
        """[draw, market, period, channel]"""
        drive = inputs.drive[:, : periods.stop]
        carried = np.zeros((len(self.beta), *drive.shape))
        state = np.zeros((len(self.beta), drive.shape[0], drive.shape[2]))
        for t in range(drive.shape[1]):
            state = drive[None, :, t] + self.decay[:, None, :] * state
            carried[:, :, t] = state
        asked = carried[:, :, periods]
        return asked / (asked + self.half[:, None, None, :])

    def _expected(self, inputs: Inputs, periods: slice) -> np.ndarray:
        self.calls += 1
        terms = self._split(inputs, periods)
        t = np.arange(periods.start, periods.stop)
        controls = inputs.controls[:, periods].sum(axis=-1)
        base = self.base + 2.0 * t + 50.0 * controls
        media = terms.main.sum(axis=-1) + sum(terms.pairs.values())
        return base * self.size[:, None] + media

    def _media_terms(self, inputs: Inputs, periods: slice) -> MediaTerms | None:
        return self._split(inputs, periods) if self.with_terms else None

    def _split(self, inputs: Inputs, periods: slice) -> MediaTerms:
        s = self.saturated(inputs, periods)
        size = self.size[None, :, None]
        i, j = self.pair
        main = self.beta[:, None, None, :] * s * size[..., None]
        pairs = {(i, j): self.gamma[:, None, None] * s[..., i] * s[..., j] * size} if self.gamma.any() else {}
        return MediaTerms(main, pairs)

    def state(self) -> ModelState:
        return ModelState("fake", 1, {})

    @classmethod
    def from_state(cls, state: ModelState) -> FakeModel:
        raise NotImplementedError("a fake is never stored")


def a_panel(
    *,
    n: int = 104,
    markets: int = 1,
    channels: int = 4,
    seed: int = 0,
    frequency: Frequency = Frequency.WEEK,
    kpi_kind: KpiKind = KpiKind.REVENUE,
    value: float | None = None,
    margin: float | None = None,
    exposure: bool = False,
) -> Panel:
    """Spend that varies by week, channel and market; one control that is a flag."""
    rng = np.random.default_rng(seed)
    names = CHANNELS[:channels] + tuple(f"extra {k}" for k in range(channels - len(CHANNELS)))
    labels = Labels(
        tuple(f"market {g}" for g in range(markets)),
        names,
        ("promotion",),
        (ControlRole.PREDICTOR,),
        frequency,
    )
    spend = rng.gamma(4.0, 25.0, (markets, n, channels)) * np.linspace(1.0, 2.0, markets)[:, None, None]
    controls = (rng.random((markets, n, 1)) < 0.1).astype(float)
    step = {"day": 1, "week": 7}.get(frequency.value)
    start = np.datetime64("2023-01-02")
    months = (np.datetime64("2015-01") + np.arange(n)).astype("datetime64[D]")
    views = np.full(spend.shape, np.nan)
    views[..., 0] = 40.0 * spend[..., 0]
    return Panel(
        labels=labels,
        periods=months if step is None else start + step * np.arange(n),
        kpi=1000 + rng.normal(0, 20, (markets, n)),
        spend=spend,
        controls=controls,
        observed=np.ones((markets, n), bool),
        filled=np.zeros((markets, n), bool),
        exposure=views if exposure else None,
        value_per_kpi=None if value is None else np.full((markets, n), value),
        kpi_name="orders" if kpi_kind is KpiKind.UNITS else "revenue",
        kpi_kind=kpi_kind,
        margin=margin,
    )


def a_model(panel: Panel, *, draws: int = 40, seed: int = 1, pair: bool = True, **changes: Any) -> FakeModel:
    """Parameters drawn around sensible values; effects of 50 to 400 KPI units a week."""
    rng = np.random.default_rng(seed)
    c = len(panel.labels.channels)
    centre = np.linspace(400.0, 50.0, c)
    given: dict[str, Any] = {
        "beta": centre * rng.normal(1.0, 0.1, (draws, c)),
        "decay": np.clip(np.linspace(0.2, 0.8, c) + rng.normal(0, 0.03, (draws, c)), 0.01, 0.95),
        "half": np.linspace(150.0, 600.0, c) * rng.normal(1.0, 0.05, (draws, c)),
        "gamma": rng.normal(120.0, 20.0, draws) if pair else None,
        "size": np.linspace(1.0, 1.5, len(panel.labels.markets)),
    }
    return FakeModel(panel.labels, **{**given, **changes})
