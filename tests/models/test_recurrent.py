from __future__ import annotations

import builtins
from dataclasses import replace

import numpy as np
import pytest

from mmm.data.inputs import Future
from mmm.errors import ModelError
from mmm.models.base import FitSettings
from mmm.models.gru import LOOK_BACK, Weights, answer
from mmm.models.gru_training import Lesson, said_by_jax, train
from mmm.models.leftover import Features
from mmm.models.recurrent import RecurrentModel, fit_recurrent, seen_by
from tests.models.worlds import fitted, panel_of

MEMBERS, UNITS, MEDIA, CONTEXT = 3, 4, 6, 5


@pytest.fixture
def model() -> RecurrentModel:
    found = fitted("recurrent", "plain")
    assert isinstance(found, RecurrentModel)
    return found


@pytest.fixture
def weights() -> Weights:
    rng = np.random.default_rng(0)
    shapes = {
        "media": (UNITS, MEDIA),
        "context": (UNITS, CONTEXT),
        "update": (UNITS, CONTEXT),
        "reset": (UNITS, CONTEXT),
        "memory": (UNITS, UNITS),
        "out": (UNITS,),
    }
    return Weights(**{name: rng.normal(size=(MEMBERS, *shape)) for name, shape in shapes.items()})


def features(n_periods: int, markets: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.uniform(0, 1, (markets, n_periods, MEDIA)), rng.normal(size=(markets, n_periods, CONTEXT))


class TestNetwork:
    def test_says_the_same_in_numpy_as_in_jax(self, weights: Weights) -> None:
        media, context = features(30)
        np.testing.assert_allclose(said_by_jax(weights, media, context), answer(weights, media, context), atol=1e-4)

    def test_never_falls_with_media_whatever_its_weights(self, weights: Weights) -> None:
        media, context = features(30)
        for feature in range(MEDIA):
            more = media.copy()
            more[:, 10, feature] += 0.5
            gain = answer(weights, more, context) - answer(weights, media, context)
            assert gain.min() >= -1e-12
            assert gain[:, :, 10].max() > 0

    def test_forgets_what_lies_further_back_than_it_looks(self, weights: Weights) -> None:
        media, context = features(LOOK_BACK + 9)
        whole, late = answer(weights, media, context), answer(weights, media[:, 8:], context[:, 8:])
        np.testing.assert_allclose(late[:, :, -1], whole[:, :, -1], atol=1e-4)


class TestTraining:
    def lesson(self, n_periods: int = 64) -> Lesson:
        """Media that only work in season: no sum of the two can say it."""
        media, context = features(n_periods, markets=1)
        target = 4.0 * media[:, :, 0] * (context[:, :, 0] > 0)
        return Lesson(media, context, target - target.mean(), np.ones((MEMBERS, 1, n_periods)))

    def test_learns_that_media_work_in_season(self) -> None:
        lesson = self.lesson()
        legs = train(lesson, np.random.default_rng(0))
        left = [
            np.mean((lesson.target - answer(legs.after(leg), lesson.media, lesson.context)) ** 2) for leg in (1, 15)
        ]
        assert left[1] < 0.6 * left[0]

    def test_does_not_look_at_periods_without_weight(self) -> None:
        lesson = self.lesson()
        weight = lesson.weight.copy()
        weight[:, :, 40:] = 0.0
        other = lesson.target.copy()
        other[:, 40:] = 1e3
        here, there = (
            train(replace(lesson, target=target, weight=weight), np.random.default_rng(0)).after(15)
            for target in (lesson.target, other)
        )
        np.testing.assert_array_equal(here.out, there.out)


class TestFamily:
    def test_network_is_silent_unless_forecasts_prove_a_gain(self, model: RecurrentModel) -> None:
        says = model.network_part(panel_of("plain").inputs(Future(8)), slice(0, 72))
        assert says.any() == (model.diagnostics["training_legs"] > 0)

    def test_looks_at_media_that_are_never_negative(self, model: RecurrentModel) -> None:
        media, context = seen_by(Features(model.base), panel_of("plain").inputs(), slice(0, 64))
        assert media.shape == (1, 64, 6)
        assert media.min() >= 0
        assert np.isfinite(context).all()

    def test_stored_networks_answer_without_jax(
        self, model: RecurrentModel, weights: Weights, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(builtins, "__import__", _no_jax)
        again = RecurrentModel.from_state(model.state())
        assert np.isfinite(again.expected(panel_of("plain").inputs())).all()

    def test_absence_of_jax_is_said_in_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(builtins, "__import__", _no_jax)
        with pytest.raises(ModelError, match="needs JAX"):
            fit_recurrent(panel_of("plain"), FitSettings())


_real_import = builtins.__import__


def _no_jax(name: str, *rest: object, **more: object) -> object:
    if name.split(".", maxsplit=1)[0] in ("jax", "optax"):
        raise ImportError(name)
    return _real_import(name, *rest, **more)  # type: ignore[arg-type]
