"""Questions about one channel or about the model itself, asked of a champion once and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmm.access import Actor, Permission
from mmm.effects.carryover import CarryOver
from mmm.effects.crossing import Crossing, crossing
from mmm.effects.curves import DEFAULT_MULTIPLIERS, ResponseCurve, response_curve
from mmm.effects.interactions import InteractionGrid, interaction_grid
from mmm.planning.baseline import HORIZON
from mmm.planning.scenario import Planner
from mmm.planning.what_if import Multiplied, multiplied
from mmm.services.audit import Audit
from mmm.services.base import Kit, Service, requires
from mmm.services.cache import Recent
from mmm.services.exports import COLUMNS, contribution_rows, to_csv
from mmm.services.insight import Insight, Workbench

if TYPE_CHECKING:
    from mmm.effects.shap import Explanation, PartialDependence

KEPT_CHANNELS, KEPT_GRIDS, KEPT_EXPLANATIONS = 64, 32, 4  # kilobytes each; an explanation of 20 markets a megabyte
REACH = 1.25  # × today's spend: how far a curve is drawn at least
DOUBLE = 2.0


@dataclass(frozen=True, eq=False)
class ChannelAnswers:
    """Everything the Channels page says about one channel.

    Attributes:
        curve: its response curve, drawn at least a little beyond today's spend.
        carry_over: how long its effect lasts.
        doubled: twice as much over the horizon of plans; None where it does not spend, or the family does not plan.
        crossing: where its next euro stops paying; None without a value per KPI unit, or without spend.
    """

    curve: ResponseCurve
    carry_over: CarryOver
    doubled: Multiplied | None
    crossing: Crossing | None


class Questions(Service):
    """Answers of published models that are not stored with them because few people ask."""

    def __init__(self, kit: Kit, insight: Insight, audit: Audit) -> None:
        super().__init__(kit)
        self._insight, self._audit = insight, audit
        self._channels: Recent[ChannelAnswers] = Recent(KEPT_CHANNELS)
        self._grids: Recent[InteractionGrid] = Recent(KEPT_GRIDS)
        self._explanations: Recent[Explanation] = Recent(KEPT_EXPLANATIONS)
        self._dependences: Recent[PartialDependence] = Recent(KEPT_CHANNELS)

    @requires(Permission.SEE_RESULTS)
    def channel(self, actor: Actor, channel: str, dataset_id: str | None = None) -> ChannelAnswers:
        """Curve, carry-over and the two questions of one channel.

        Raises:
            NotFoundError: there is no such dataset, or it has no champion.
            DataError: there is no such channel.
        """
        bench = self._insight.workbench(actor, dataset_id)
        return self._channels.get(f"{bench.champion.id} {channel}", lambda: _channel_answers(bench, channel))

    @requires(Permission.SEE_RESULTS)
    def together(self, actor: Actor, first: str, second: str, dataset_id: str | None = None) -> InteractionGrid:
        """What two channels bring at every combination of spend.

        Raises:
            NotFoundError: as `channel`.
            DataError: there is no such channel, or both are the same.
        """
        bench = self._insight.workbench(actor, dataset_id)
        key = f"{bench.champion.id} {first!r} {second!r}"
        return self._grids.get(key, lambda: interaction_grid(bench.model, bench.panel, first, second))

    @requires(Permission.SEE_RESULTS)
    def explanation(self, actor: Actor, dataset_id: str | None = None) -> Explanation:
        """Each channel's value of the latest year, split into immediate, carry-over and interaction; takes seconds.

        Raises:
            NotFoundError: as `channel`.
        """
        from mmm.effects.shap import explain

        bench = self._insight.workbench(actor, dataset_id)
        return self._explanations.get(bench.champion.id, lambda: explain(bench.model, bench.panel))

    @requires(Permission.SEE_RESULTS)
    def dependence(self, actor: Actor, channel: str, dataset_id: str | None = None) -> PartialDependence:
        """Mean sales if one channel's spend had been multiplied throughout history.

        Raises:
            NotFoundError: as `channel`.
            DataError: there is no such channel.
        """
        from mmm.effects.shap import partial_dependence

        bench = self._insight.workbench(actor, dataset_id)
        key = f"{bench.champion.id} {channel}"
        return self._dependences.get(key, lambda: partial_dependence(bench.model, bench.panel, channel))

    @requires(Permission.EXPORT)
    def contribution_csv(self, actor: Actor, dataset_id: str | None = None) -> bytes:
        """Contributions and returns of every channel as CSV; written to the audit table before it is handed over.

        Raises:
            NotFoundError: as `channel`.
        """
        bench = self._insight.workbench(actor, dataset_id)
        table = [COLUMNS, *contribution_rows(bench.results)]
        details = {"what": "contributions", "rows": len(table) - 1}
        self._audit.record_export(actor, "model_version", bench.champion.id, format="csv", details=details)
        return to_csv(table)


def _channel_answers(bench: Workbench, channel: str) -> ChannelAnswers:
    curve = bench.results.curves[bench.panel.labels.channels[bench.panel.labels.channel(channel)]]
    wanted = REACH * curve.today.multiplier
    if wanted > float(curve.multipliers[-1]):
        wider = tuple(float(m) * wanted / DEFAULT_MULTIPLIERS[-1] for m in DEFAULT_MULTIPLIERS)
        curve = response_curve(bench.model, bench.panel, channel, wider)
    doubled = None
    if bench.model.supports_planning:
        planner = Planner(bench.model, bench.panel, HORIZON[bench.panel.labels.frequency])
        doubled = multiplied(planner, bench.panel.labels.channel(channel), DOUBLE)
    return ChannelAnswers(
        curve, bench.results.carry_over[channel], doubled, crossing(bench.model, bench.panel, channel)
    )
