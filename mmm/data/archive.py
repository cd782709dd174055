"""Named bytes and arrays in one deterministic zip: the one way anything this package computes is stored."""

from __future__ import annotations

import io
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.errors import DataError

MAX_UNPACKED_BYTES = 512 * 1024 * 1024  # stored models and results unpack to megabytes; anything near this is not one
MAX_FILES = 10_000
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content gives the same bytes at any time


_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
_BAD_ARRAY = (  # NumPy reads a header as a Python literal, and lets what goes wrong there through
    ValueError,
    KeyError,
    EOFError,
    OSError,
    TypeError,
    IndexError,
    OverflowError,
    RecursionError,
    SyntaxError,
    tokenize.TokenError,
)


def pack(files: Mapping[str, bytes]) -> bytes:
    """One zip of `files`; the same files give the same bytes, in whatever order they come."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, body in sorted(files.items()):
            info = zipfile.ZipInfo(name, date_time=_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, body)
    return buffer.getvalue()


def unpack(data: bytes, max_bytes: int = MAX_UNPACKED_BYTES) -> dict[str, bytes]:
    """Read what `pack` wrote.

    Raises:
        DataError: the bytes are no such zip, are damaged, or unpack past `max_bytes`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > MAX_FILES or sum(info.file_size for info in infos) > max_bytes:
                raise DataError("The stored object unpacks past the size limit and was not read.")
            if any(info.compress_type != zipfile.ZIP_DEFLATED for info in infos):
                raise DataError("These bytes are not a stored object: they are packed in another way.")
            if len({info.filename for info in infos}) != len(infos):
                raise DataError("The stored object holds two parts of one name and was not read.")
            return {info.filename: archive.read(info) for info in infos}
    except _DAMAGED as error:
        raise DataError("These bytes are not a stored object, or they are damaged.") from error


def array_bytes(array: NDArray[Any]) -> bytes:
    """An array in NumPy's .npy format; arrays of Python objects are refused.

    Raises:
        DataError: the array holds Python objects.
    """
    if array.dtype.hasobject:
        raise DataError("An array of Python objects cannot be stored; give it a numeric, text or date type.")
    body = io.BytesIO()
    np.save(body, np.asarray(array, order="C"), allow_pickle=False)
    return body.getvalue()


def array_of(body: bytes) -> NDArray[Any]:
    """The array that `array_bytes` wrote. Nothing is allocated before the header is known to be true.

    Raises:
        DataError: the bytes are no such array, or its header promises more than there is.
    """
    stream = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, _, dtype = read_header[version](stream)
        size = dtype.itemsize
        for length in shape:
            size *= length
        if dtype.hasobject or size != len(body) - stream.tell():
            raise DataError("A stored array does not have the size or type its header says.")
        stream.seek(0)
        return np.asarray(np.load(stream, allow_pickle=False))
    except _BAD_ARRAY as error:
        raise DataError("These bytes are not a stored array, or they are damaged.") from error
