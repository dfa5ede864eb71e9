"""One picture on disk → the file of a work: limits, format, decoding, rendering of SVG."""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from backend.errors import InputRefused
from model.images import SVG_TYPE, ImageRefused, open_image, render_svg, sniff

_DECODER_ERRORS = (
    ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip


class Refused(Exception):
    """`code` is stable for programs, `message` a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class PreparedFile:
    """The picture of a work: checked, and rendered to PNG when it came as SVG.

    `sha256` is 0x-hex of `data`; `original` tells of the SVG (`sha256`, `media_type`). Only rendered pictures
    stay in memory; others are read again from `path`, so that thousands of photographs can be imported.
    """

    media_type: str
    width: int
    height: int
    size: int
    sha256: str
    path: Path
    original: Mapping[str, str] | None = None
    rendered: bytes | None = None

    @property
    def data(self) -> bytes:
        """The bytes that are hashed and pinned. Raises InputRefused when the file changed since it was
        checked."""
        if self.rendered is not None:
            return self.rendered
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise InputRefused(
                f"{self.path} cannot be read any more: {error.strerror}.", "Run the import again."
            ) from error
        if _sha256(data) != self.sha256:
            raise InputRefused(f"{self.path} changed while it was being imported.", "Run the import again.")
        return data


def prepare_file(path: Path, max_bytes: int, max_pixels: int) -> PreparedFile:
    """Check one picture on disk; an SVG is rendered. Raises Refused."""
    data = _read_file(path, max_bytes)
    try:
        media_type = sniff(data)
        if media_type == SVG_TYPE:
            return _rendered(path, data)
        width, height = open_image(data, max_pixels=max_pixels).size
    except ImageRefused as error:
        raise Refused(error.code, f"{path}: {error}.") from error
    except _DECODER_ERRORS as error:
        # What a decoder did not foresee in one stranger's file must not end the import of the others.
        raise Refused("corrupt_image", f"{path}: the file cannot be decoded ({error}).") from error
    return PreparedFile(media_type, width, height, len(data), _sha256(data), path)


def _rendered(path: Path, svg: bytes) -> PreparedFile:
    png = render_svg(svg)
    width, height = Image.open(io.BytesIO(png)).size
    original = {"sha256": _sha256(svg), "media_type": SVG_TYPE}
    return PreparedFile("image/png", width, height, len(png), _sha256(png), path, original, png)


def _read_file(path: Path, max_bytes: int) -> bytes:
    try:
        state = path.stat()
        # Checked before opening: a pipe or device would never end.
        if not stat.S_ISREG(state.st_mode):
            what = "a directory" if stat.S_ISDIR(state.st_mode) else "no ordinary file"
            raise Refused("not_a_file", f"{path} is {what}.")
        if state.st_size > max_bytes:
            raise Refused(
                "too_large", f"{path} has {state.st_size:,} bytes; at most {max_bytes:,} are accepted."
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise Refused("missing_file", f"There is no file {path}.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Refused("unreadable_file", f"{path} cannot be read: {reason}.") from error
    if not data:
        raise Refused("empty_file", f"{path} is empty.")
    return data


def _sha256(data: bytes) -> str:
    return "0x" + hashlib.sha256(data).hexdigest()
