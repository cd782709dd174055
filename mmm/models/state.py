"""A fitted model at rest: JSON and arrays in one zip, never a pickle."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from mmm.data.archive import array_bytes, array_of, pack, unpack
from mmm.errors import DataError, ModelError

FORMAT_VERSION = 1
_HEAD = "state.json"


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

    def require(self, family: str, version: int) -> None:
        """Refuse to be read as another family or in another format.

        Raises:
            ModelError: the state is of another family or format version.
        """
        if (self.family, self.version) != (family, version):
            raise ModelError(
                f"This is a stored “{self.family}” model of version {self.version}; "
                f"a “{family}” model of version {version} was expected."
            )

    def to_bytes(self) -> bytes:
        """One zip file; the same state gives the same bytes."""
        head = {"format": FORMAT_VERSION, "family": self.family, "version": self.version, "meta": self.meta}
        files = {_HEAD: json.dumps(head, sort_keys=True, allow_nan=False).encode()}
        files |= {f"arrays/{name}.npy": array_bytes(array) for name, array in self.arrays.items()}
        files |= {f"blobs/{name}": blob for name, blob in self.blobs.items()}
        return pack(files)

    @classmethod
    def from_bytes(cls, data: bytes) -> ModelState:
        """Read what `to_bytes` wrote.

        Raises:
            ModelError: the bytes are no stored model, of an unknown format, or unpack past the size limit.
        """
        try:
            files = unpack(data)
            head = json.loads(files[_HEAD])
            stored, family, version, meta = (head[key] for key in ("format", "family", "version", "meta"))
            if stored != FORMAT_VERSION:
                raise ModelError(f"The stored model has format {stored}; this version reads {FORMAT_VERSION}.")
            arrays = {
                name[len("arrays/") : -len(".npy")]: array_of(body)
                for name, body in files.items()
                if name.startswith("arrays/")
            }
        except DataError as error:
            raise ModelError(f"These bytes are not a stored model: {error}") from error
        except (KeyError, ValueError, TypeError) as error:
            raise ModelError("These bytes are not a stored model.") from error
        blobs = {name[len("blobs/") :]: body for name, body in files.items() if name.startswith("blobs/")}
        return cls(family=family, version=version, meta=meta, arrays=arrays, blobs=blobs)
