"""Moves are worth what the model says of the whole plan, and stay near what was seen."""

from __future__ import annotations

import numpy as np
import pytest

from mmm.data.panel import KpiKind, Panel
from mmm.effects.support import SupportStatus
from mmm.planning.moves import MOVED_SHARE, MoveKind, best_moves
from mmm.planning.scenario import Planner
from tests.fakes import FakeModel, a_model, a_panel

HORIZON = 12


def planner(panel: Panel, **changes: object) -> Planner:
    return Planner(a_model(panel, **changes), panel, HORIZON)


def unequal(panel: Panel) -> FakeModel:
    """The first channel earns much, the last nothing."""
    beta = np.zeros((20, len(panel.labels.channels)))
    beta[:, 0] = 8000.0 + np.linspace(-50, 50, 20)
    return a_model(panel, draws=20, pair=False, beta=beta)


def test_money_goes_to_the_channel_that_earns_from_those_that_do_not() -> None:
    panel = a_panel(channels=3)
    moves = best_moves(Planner(unequal(panel), panel, HORIZON))
    raised = [move.channel for move in moves if move.kind is not MoveKind.CUT]
    lowered = [move.source or move.channel for move in moves if move.kind is not MoveKind.RAISE]
    assert raised == ["search"]
    assert "search" not in lowered
    assert all(move.p_better == 1.0 for move in moves)


def test_a_gain_is_profit_on_the_whole_plan() -> None:
    panel = a_panel(margin=0.4)
    plan = Planner(unequal(panel), panel, HORIZON)
    for move in best_moves(plan):
        extra = float((move.spend - plan.baseline).sum())
        expected = 0.4 * plan.uplift_draws(move.spend) - extra
        assert float(move.gain.mean) == pytest.approx(expected.mean())
        assert move.margin_known


def test_a_shift_leaves_the_total_as_it_is() -> None:
    panel = a_panel()
    plan = planner(panel)
    shifts = [move for move in best_moves(plan, n=10) if move.kind is MoveKind.SHIFT]
    for move in shifts:
        assert move.spend.sum() == pytest.approx(plan.baseline.sum())


def test_no_channel_is_in_two_moves_and_the_best_comes_first() -> None:
    panel = a_panel(margin=0.9)
    moves = best_moves(planner(panel), n=3)
    named = [name for move in moves for name in (move.channel, move.source) if name]
    assert len(named) == len(set(named))
    gains = [float(move.gain.mean) for move in moves]
    assert gains == sorted(gains, reverse=True)
    assert len(moves) <= 3


def test_without_a_value_only_shifts_are_compared() -> None:
    panel = a_panel(kpi_kind=KpiKind.UNITS)
    moves = best_moves(planner(panel))
    assert moves
    assert {move.kind for move in moves} == {MoveKind.SHIFT}
    assert moves[0].units.shown == "orders"


def test_nothing_beyond_observed_spend_is_advised() -> None:
    panel = a_panel()
    flat = Panel(
        **{
            **{name: getattr(panel, name) for name in panel.__dataclass_fields__},
            "spend": np.full_like(panel.spend, 100.0),
        }
    )
    moves = best_moves(Planner(unequal(flat), flat, HORIZON), share=0.5)
    assert all(move.support is not SupportStatus.BEYOND for move in moves)
    assert all(move.kind is MoveKind.CUT for move in moves)


def test_a_move_that_is_not_expected_to_gain_is_not_made() -> None:
    panel = a_panel(channels=1, margin=0.01)
    moves = best_moves(planner(panel, pair=False))
    assert [move.kind for move in moves] == [MoveKind.CUT]
    assert moves[0].amount == pytest.approx(MOVED_SHARE * planner(panel, pair=False).baseline.sum())


def test_a_dark_channel_is_left_alone() -> None:
    panel = a_panel(channels=3)
    spend = panel.spend.copy()
    spend[:, -30:, 1] = 0.0
    dark = Panel(**{**{name: getattr(panel, name) for name in panel.__dataclass_fields__}, "spend": spend})
    moves = best_moves(planner(dark), n=10)
    assert all("social" not in (move.channel, move.source) for move in moves)
