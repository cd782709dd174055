"""What is stored comes back the same, and what is not ours is refused."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
import zipfile
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from mmm.data.archive import array_bytes, array_of, pack, unpack
from mmm.data.codec import dump, load
from mmm.effects.contributions import Contributions, Decomposition, drop_one, shapley
from mmm.effects.curves import CarryOver, InteractionGrid, ResponseCurve, carry_over, interaction_grid, response_curve
from mmm.effects.roi import Roi, roi
from mmm.errors import DataError, ModelError
from mmm.models.state import ModelState
from mmm.planning.optimise import optimise
from mmm.planning.plan import PlanResult
from tests.fakes import a_model, a_panel


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    name: str
    weight: float


@dataclass(frozen=True, eq=False)
class Outer:
    count: int
    ratio: float
    flag: bool
    colour: Colour
    mode: Literal["a", "b"]
    inner: Inner | None
    many: tuple[Inner, ...]
    pair: tuple[int, str]
    by_name: dict[str, float]
    by_pair: dict[tuple[int, int], Inner]
    array: NDArray[Any]
    maybe: NDArray[np.float64] | None
    either: NDArray[np.float64] | float | str
    day: np.datetime64
    facts: dict[str, Any] = field(default_factory=dict)


inners = st.builds(Inner, st.text(max_size=10), st.floats())
dates = hnp.arrays("datetime64[D]", st.integers(0, 5), elements=hnp.from_dtype(np.dtype("datetime64[D]")))
numbers = hnp.arrays(
    st.sampled_from([np.float64, np.int64, np.bool_, np.uint8]), hnp.array_shapes(min_dims=0, min_side=0)
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)
outers = st.builds(
    Outer,
    count=st.integers(),
    ratio=st.floats(),
    flag=st.booleans(),
    colour=st.sampled_from(Colour),
    mode=st.sampled_from(["a", "b"]),
    inner=st.none() | inners,
    many=st.lists(inners, max_size=3).map(tuple),
    pair=st.tuples(st.integers(), st.text(max_size=5)),
    by_name=st.dictionaries(st.text(max_size=5), st.floats(), max_size=3),
    by_pair=st.dictionaries(st.tuples(st.integers(0, 9), st.integers(0, 9)), inners, max_size=3),
    array=numbers | dates,
    maybe=st.none() | hnp.arrays(np.float64, (2, 3)),
    either=st.floats() | st.text(max_size=5) | hnp.arrays(np.float64, 3),
    day=st.dates().map(np.datetime64),
    facts=st.dictionaries(st.text(max_size=5), plain, max_size=3),
)


def same(a: object, b: object) -> bool:
    """Equal, of one type, NaN equal to NaN, arrays and dataclasses entry by entry."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, float) and isinstance(b, float):
        return repr(a) == repr(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if hasattr(a, "__dataclass_fields__"):
        return all(same(getattr(a, name), getattr(b, name)) for name in a.__dataclass_fields__)
    return bool(a == b)


def rewritten(data: bytes, change: Any) -> bytes:
    """Stored bytes with their JSON changed."""
    files = unpack(data)
    head = json.loads(files["object.json"])
    change(head)
    return pack({**files, "object.json": json.dumps(head).encode()})


AN_INNER = Inner("x", 1.5)


class TestRoundTrip:
    @given(outers)
    def test_everything_comes_back_as_it_was(self, obj: Outer) -> None:
        assert same(load(dump(obj), Outer), obj)

    @given(outers)
    def test_the_same_object_gives_the_same_bytes(self, obj: Outer) -> None:
        assert dump(obj) == dump(load(dump(obj), Outer))

    @pytest.mark.parametrize(
        "kind", [Contributions, Decomposition, Roi, ResponseCurve, CarryOver, InteractionGrid, PlanResult]
    )
    def test_every_result_can_be_stored(self, kind: type) -> None:
        panel = a_panel(margin=0.4)
        model = a_model(panel, draws=5)
        result = {
            Contributions: lambda: drop_one(model, panel.inputs()),
            Decomposition: lambda: shapley(model, panel.inputs(), actual=panel.kpi),
            Roi: lambda: roi(model, panel),
            ResponseCurve: lambda: response_curve(model, panel, "tv"),
            CarryOver: lambda: carry_over(model, panel, "tv"),
            InteractionGrid: lambda: interaction_grid(model, panel, "tv", "print", (0.0, 1.0)),
            PlanResult: lambda: optimise(model, panel, horizon=12),
        }[kind]()
        assert same(load(dump(result), kind), result)

    def test_a_labelled_panel_comes_back(self) -> None:
        panel = a_panel(markets=2, exposure=True, margin=0.3)
        assert same(load(dump(panel), type(panel)), panel)

    def test_numbers_of_numpy_come_back_as_plain_numbers(self) -> None:
        found = load(dump(Inner("x", np.float64(0.1))), Inner)
        assert (type(found.weight), found.weight) == (float, 0.1)

    def test_a_field_that_gained_a_default_may_be_absent(self) -> None:
        @dataclass(frozen=True)
        class Inner:
            name: str
            weight: float
            unit: str = "kg"

        assert load(dump(AN_INNER), Inner).unit == "kg"


class TestRefusals:
    def test_an_unknown_field_is_refused_by_name(self) -> None:
        data = rewritten(dump(AN_INNER), lambda head: head["body"].update(surprise=1))
        with pytest.raises(DataError, match="unknown field “surprise”"):
            load(data, Inner)

    def test_a_missing_field_is_refused_by_name(self) -> None:
        data = rewritten(dump(AN_INNER), lambda head: head["body"].pop("weight"))
        with pytest.raises(DataError, match="no field “weight”"):
            load(data, Inner)

    def test_an_unknown_format_is_refused(self) -> None:
        data = rewritten(dump(AN_INNER), lambda head: head.update(format=99))
        with pytest.raises(DataError, match="format 99"):
            load(data, Inner)

    def test_another_class_is_refused(self) -> None:
        with pytest.raises(DataError, match="is a Inner, not a Outer"):
            load(dump(AN_INNER), Outer)

    @pytest.mark.parametrize("wrong", ["1.5", [1.5], {"$array": 7}, None, True])
    def test_a_value_of_another_type_is_refused_with_its_place(self, wrong: object) -> None:
        data = rewritten(dump(AN_INNER), lambda head: head["body"].update(weight=wrong))
        with pytest.raises(DataError, match=r"Inner\.weight"):
            load(data, Inner)

    def test_a_value_that_breaks_its_hint_is_not_stored(self) -> None:
        with pytest.raises(DataError, match=r"Inner\.name is 5; expected str"):
            dump(Inner(5, 1.0))  # type: ignore[arg-type]

    def test_an_array_that_is_not_in_the_file_is_refused(self) -> None:
        files = unpack(dump(a_panel()))
        with pytest.raises(DataError, match="a stored array"):
            load(pack({name: body for name, body in files.items() if "arrays/0." not in name}), type(a_panel()))

    @given(st.binary(max_size=300))
    def test_bytes_of_any_other_kind_are_refused_plainly(self, data: bytes) -> None:
        with pytest.raises(DataError):
            load(data, Inner)
        with pytest.raises(ModelError):
            ModelState.from_bytes(data)

    @given(st.data())
    def test_a_damaged_file_is_refused_or_read_right(self, data: st.DataObject) -> None:
        whole = bytearray(
            dump(
                Outer(
                    1,
                    1.0,
                    True,
                    Colour.RED,
                    "a",
                    None,
                    (),
                    (1, "x"),
                    {},
                    {},
                    np.arange(5),
                    None,
                    1.0,
                    np.datetime64("2024-01-01"),
                )
            )
        )
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] ^= data.draw(st.integers(1, 255))
        with contextlib.suppress(DataError):  # the plain refusal is right; any other exception fails the test
            load(bytes(whole), Outer)

    def test_a_zip_bomb_is_refused_before_it_is_unpacked(self) -> None:
        data = pack({"object.json": b"0" * 50_000_000})
        assert len(data) < 1_000_000
        with pytest.raises(DataError, match="size limit"):
            load(data, Inner, max_bytes=10_000_000)

    def test_an_array_that_promises_more_than_it_holds_is_refused(self) -> None:
        body = array_bytes(np.zeros(4))
        lying = body.replace(b"(4,)", b"(9,)")
        with pytest.raises(DataError, match="header"):
            array_of(lying)

    @given(st.lists(st.tuples(st.integers(0, 167), st.integers(0, 255)), min_size=1, max_size=5))
    def test_a_damaged_array_is_refused_or_read(self, changes: list[tuple[int, int]]) -> None:
        body = bytearray(array_bytes(np.arange(5.0)))
        for place, value in changes:
            body[place] = value
        with contextlib.suppress(DataError), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy warns of headers that Python 2 would have written
            array_of(bytes(body))

    def test_python_objects_are_neither_stored_nor_read(self) -> None:
        with pytest.raises(DataError, match="Python objects"):
            array_bytes(np.array([{}], dtype=object))
        pickled = io.BytesIO()
        np.save(pickled, np.array([{}], dtype=object), allow_pickle=True)
        with pytest.raises(DataError):
            array_of(pickled.getvalue())

    def test_two_parts_of_one_name_are_refused(self) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a", b"1")
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr("a", b"2")
        with pytest.raises(DataError, match="two parts"):
            unpack(buffer.getvalue())


class TestModelState:
    @given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), numbers, max_size=4), st.binary(max_size=20))
    def test_a_stored_model_comes_back_as_it_was(self, arrays: dict[str, NDArray[Any]], blob: bytes) -> None:
        state = ModelState("fake", 3, {"a": [1, None, "x"]}, arrays, {"booster": blob})
        found = ModelState.from_bytes(state.to_bytes())
        assert (found.family, found.version, found.meta, found.blobs) == ("fake", 3, state.meta, state.blobs)
        assert found.arrays.keys() == arrays.keys()
        assert all(same(found.arrays[name], array) for name, array in arrays.items())
        assert found.to_bytes() == state.to_bytes()
