"""Arrays in .npz files whose bytes depend on the content alone: the same numbers have the same CID."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np

DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that zip knows


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays, uncompressed (a compressor's version would show in the bytes)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            part = io.BytesIO()
            np.lib.format.write_array(part, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", DATE), part.getvalue())


def read_arrays(source: Path | IO[bytes], names: Sequence[str]) -> dict[str, np.ndarray]:
    """Read named arrays; nothing in the file is executed. Raises ValueError when one is missing or it is no
    .npz.
    """
    try:
        with np.load(source, allow_pickle=False) as data:
            return {name: data[name] for name in names}
    except (KeyError, AttributeError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"not a file with the arrays {list(names)}: {error}") from error
