"""A fitted model at rest: JSON and arrays in one zip, never a pickle."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmm.errors import ModelError

FORMAT_VERSION = 1
MAX_STATE_BYTES = 512 * 1024 * 1024  # a stored model unpacks to megabytes; anything near this is not one


@dataclass(frozen=True, eq=False)
class ModelState:
    """What `FittedModel.state` returns.

    Attributes:
        family: name of the family that can read it.
        version: the family's own format version.
        meta: JSON-able settings, labels and diagnostics.
        arrays: parameter draws and constants.
        blobs: a library's own format, such as XGBoost's UBJSON.
    """

    family: str
    version: int
    meta: dict[str, Any]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """One zip file; the same state gives the same bytes."""
        buffer = io.BytesIO()
        head = {"format": FORMAT_VERSION, "family": self.family, "version": self.version, "meta": self.meta}
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            _add(archive, "state.json", json.dumps(head, sort_keys=True, allow_nan=False).encode())
            for name, array in sorted(self.arrays.items()):
                body = io.BytesIO()
                np.save(body, np.ascontiguousarray(array), allow_pickle=False)
                _add(archive, f"arrays/{name}.npy", body.getvalue())
            for name, blob in sorted(self.blobs.items()):
                _add(archive, f"blobs/{name}", blob)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> ModelState:
        """Read what `to_bytes` wrote.

        Raises:
            ModelError: the bytes are no stored model, of an unknown format, or unpack past the size limit.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(info.file_size for info in archive.infolist()) > MAX_STATE_BYTES:
                    raise ModelError("The stored model unpacks past the size limit and was not read.")
                head = json.loads(archive.read("state.json"))
                if head["format"] != FORMAT_VERSION:
                    raise ModelError(
                        f"The stored model has format {head['format']}; this version reads {FORMAT_VERSION}."
                    )
                names = [info.filename for info in archive.infolist()]
                arrays = {
                    name[len("arrays/") : -len(".npy")]: np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
                    for name in names
                    if name.startswith("arrays/")
                }
                blobs = {name[len("blobs/") :]: archive.read(name) for name in names if name.startswith("blobs/")}
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise ModelError("These bytes are not a stored model.") from error
        return cls(family=head["family"], version=head["version"], meta=head["meta"], arrays=arrays, blobs=blobs)


def _add(archive: zipfile.ZipFile, name: str, body: bytes) -> None:
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, body)
