"""Frozen dataclasses to bytes and back, driven by their type hints: how results are stored."""

# ruff: noqa: ANN401, PLR0911 - a codec meets values of any type, and asks of each which of a dozen kinds it is

from __future__ import annotations

import json
import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np

from mmm.data.archive import MAX_UNPACKED_BYTES, array_bytes, array_of, pack, unpack
from mmm.errors import DataError

FORMAT_VERSION = 1
_HEAD = "object.json"
_ARRAY = "$array"  # {"$array": n} stands for the file arrays/n.npy
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_SEQUENCES: dict[Any, Any] = {tuple: tuple, list: list, Sequence: tuple}

T = TypeVar("T")


def dump(obj: object) -> bytes:
    """A dataclass as one deterministic zip of JSON and .npy files; the same object gives the same bytes.

    Fields may be str, int, float (NaN and infinities too), bool, None, enums, literals, `datetime64`, tuples, lists,
    dicts, dataclasses and arrays, nested and optional. A field typed `Any` holds plain JSON; its tuples come back as
    lists.

    Raises:
        DataError: a value is of no such type, or not of the type its field declares.
    """
    arrays: list[bytes] = []
    body = _Writer(arrays).encode(obj, type(obj), type(obj).__name__)
    head = {"format": FORMAT_VERSION, "type": type(obj).__name__, "body": body}
    files = {f"arrays/{number}.npy": data for number, data in enumerate(arrays)}
    return pack({_HEAD: json.dumps(head, allow_nan=False).encode(), **files})


def load(data: bytes, cls: type[T], max_bytes: int = MAX_UNPACKED_BYTES) -> T:
    """The object of class `cls` that `dump` wrote.

    Raises:
        DataError: the bytes are damaged, of another format or class, hold a field that `cls` does not know or lack one
            that it needs, or unpack past `max_bytes`.
    """
    files = unpack(data, max_bytes)
    try:
        head = json.loads(files.pop(_HEAD))
        stored, kind, body = head["format"], head["type"], head["body"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise DataError("These bytes are not a stored object.") from error
    if stored != FORMAT_VERSION:
        raise DataError(f"The stored object has format {stored}; this version reads {FORMAT_VERSION}.")
    if kind != cls.__name__:
        raise DataError(f"The stored object is a {kind}, not a {cls.__name__}.")
    return cast(T, _Reader(files).decode(body, cls, cls.__name__))


class _Writer:
    """Turns values into JSON and puts arrays aside; a class because the arrays of one object share a numbering."""

    def __init__(self, arrays: list[bytes]) -> None:
        self._arrays = arrays

    def encode(self, value: Any, hint: Any, path: str) -> Any:
        options = _options(hint)
        if len(options) > 1:
            if value is None and type(None) in options:
                return None
            hint = next((option for option in options if _is(value, option)), None)
            _must(hint is not None, path, value, " or ".join(map(_name, options)))
        origin = get_origin(hint) or hint
        if hint is Any or hint is object:
            return _plain(value, path)
        _must(_is(value, hint), path, value, _name(hint))
        if origin is np.ndarray:
            self._arrays.append(array_bytes(value))
            return {_ARRAY: len(self._arrays) - 1}
        if is_dataclass(origin):
            return {
                name: self.encode(getattr(value, name), kind, f"{path}.{name}") for name, kind in _hints(type(value))
            }
        if origin in (dict, Mapping):
            keys, values = get_args(hint) or (Any, Any)
            return [
                [self.encode(key, keys, f"{path} key"), self.encode(item, values, f"{path}[{key!r}]")]
                for key, item in value.items()
            ]
        if origin in _SEQUENCES:
            kinds = _item_hints(hint, len(value), path)
            return [
                self.encode(item, kind, f"{path}[{i}]") for i, (item, kind) in enumerate(zip(value, kinds, strict=True))
            ]
        return _scalar(value, origin)


class _Reader:
    """Turns JSON back into values; a class because arrays are looked up in the files of one object."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def decode(self, node: Any, hint: Any, path: str) -> Any:
        options = _options(hint)
        if len(options) > 1:
            if node is None and type(None) in options:
                return None
            hint = next((option for option in options if _fits(node, option)), None)
        _must(hint is not None and _fits(node, hint), path, node, " or ".join(map(_name, options)))
        origin = get_origin(hint) or hint
        if hint is Any or hint is object:
            return node
        if origin is np.ndarray:
            body = self._files.get(f"arrays/{node[_ARRAY]}.npy")
            _must(body is not None, path, node, "a stored array")
            return array_of(body or b"")
        if is_dataclass(origin):
            return self._dataclass(node, origin, path)
        if origin in (dict, Mapping):
            keys, values = get_args(hint) or (Any, Any)
            return {
                self.decode(key, keys, f"{path} key"): self.decode(item, values, f"{path}[{key!r}]")
                for key, item in node
            }
        if origin in _SEQUENCES:
            kinds = _item_hints(hint, len(node), path)
            items = (
                self.decode(item, kind, f"{path}[{i}]") for i, (item, kind) in enumerate(zip(node, kinds, strict=True))
            )
            return _SEQUENCES[origin](items)
        return _value(node, origin, hint, path)

    def _dataclass(self, node: dict[str, Any], cls: Any, path: str) -> Any:
        hints = dict(_hints(cls))
        unknown = [name for name in node if name not in hints]
        needed = [f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING]
        missing = [name for name in needed if name not in node]
        if unknown or missing:
            what = ", ".join([f"unknown field “{n}”" for n in unknown] + [f"no field “{n}”" for n in missing])
            raise DataError(f"The stored {cls.__name__} at {path} does not fit this version: {what}.")
        return cls(**{name: self.decode(item, hints[name], f"{path}.{name}") for name, item in node.items()})


def _scalar(value: Any, origin: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.datetime64):
        return [str(value), np.datetime_data(value.dtype)[0]]
    if isinstance(value, np.generic):
        value = value.item()
    if origin is not float:
        return value
    value = float(value)
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def _value(node: Any, origin: Any, hint: Any, path: str) -> Any:
    """A scalar read back as its declared type."""
    try:
        if isinstance(origin, type) and issubclass(origin, Enum):
            return origin(node)
        if origin is np.datetime64:
            return np.datetime64(node[0], node[1])
    except (ValueError, TypeError) as error:
        raise DataError(f"The stored value at {path} is {node!r}; expected {_name(hint)}.") from error
    if origin is float:
        return _NOT_FINITE[node] if isinstance(node, str) else float(node)
    return node


def _is(value: Any, hint: Any) -> bool:
    """Whether a value is of the declared type, as far as its outermost layer says."""
    origin = get_origin(hint) or hint
    if hint is Any or hint is object:
        return True
    if origin is Literal:
        return any(type(value) is type(choice) and value == choice for choice in get_args(hint))
    if origin is bool:
        return isinstance(value, (bool, np.bool_))
    if origin is int:
        return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.timedelta64))
    if origin is float:
        return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(
            value, (bool, np.timedelta64)
        )
    if origin is str:
        return isinstance(value, str) and not isinstance(value, Enum)
    if origin in (dict, Mapping):
        return isinstance(value, dict)
    if origin is Sequence:
        return isinstance(value, (tuple, list))
    return type(value) is origin or (origin is type(None) and value is None)


def _fits(node: Any, hint: Any) -> bool:
    """Whether a JSON node may hold a value of the declared type, as far as its outermost layer says."""
    origin = get_origin(hint) or hint
    if hint is Any or hint is object:
        return True
    if origin is Literal:
        return any(type(node) is type(choice) and node == choice for choice in get_args(hint))
    if origin is float:
        return type(node) in (int, float) or (isinstance(node, str) and node in _NOT_FINITE)
    if origin is np.ndarray:
        return isinstance(node, dict) and list(node) == [_ARRAY]
    if is_dataclass(origin):
        return isinstance(node, dict) and list(node) != [_ARRAY]
    if origin in (dict, Mapping):
        return isinstance(node, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in node)
    if origin in _SEQUENCES:
        return isinstance(node, list)
    if origin is np.datetime64:
        return isinstance(node, list) and len(node) == 2 and all(isinstance(part, str) for part in node)
    if isinstance(origin, type) and issubclass(origin, Enum):
        return type(node) in (str, int, float)
    return type(node) is origin or (origin is type(None) and node is None)


def _plain(value: Any, path: str) -> Any:
    """A value of a field typed `Any`: JSON only."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{path}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, dict):
        _must(all(isinstance(key, str) for key in value), path, value, "a dict with text keys")
        return {str(key): _plain(item, f"{path}[{key!r}]") for key, item in value.items()}
    finite = not isinstance(value, float) or math.isfinite(value)
    _must(value is None or (isinstance(value, (str, bool, int, float)) and finite), path, value, "plain JSON")
    return value.value if isinstance(value, Enum) else value


def _options(hint: Any) -> tuple[Any, ...]:
    """The members of a union, or the hint alone."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _item_hints(hint: Any, length: int, path: str) -> tuple[Any, ...]:
    args = get_args(hint)
    if not args:
        return (Any,) * length
    if get_origin(hint) is not tuple or args[-1] is Ellipsis:
        return (args[0],) * length
    if len(args) != length:
        raise DataError(f"{path} holds {length} entries; expected {len(args)}.")
    return args


def _hints(cls: Any) -> tuple[tuple[str, Any], ...]:
    resolved = get_type_hints(cls)
    return tuple((f.name, resolved[f.name]) for f in fields(cls) if f.init)


def _name(hint: Any) -> str:
    return getattr(hint, "__name__", str(hint)) if not get_args(hint) else str(hint)


def _must(holds: bool, path: str, value: Any, expected: str) -> None:
    if not holds:
        shown = repr(value)
        raise DataError(f"{path} is {shown if len(shown) < 80 else type(value).__name__}; expected {expected}.")
