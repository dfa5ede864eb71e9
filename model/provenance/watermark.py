"""An invisible watermark of 64 bits in the brightness of a picture, which JPEG, a smaller size and a crop leave.

Spread spectrum (Cox et al. 1997) over waves that repeat four times along the longer side (`lattice`), weaker
where a picture is flat. A reader needs no original: it makes the longer side 512 px, takes away what is smooth,
cuts off what is larger than a mark can be, and looks for the known quarter of the waves at every size that a
crop may have left (Kutter 1998); their phases tell the offset, the rest carries an error-correcting code (`code`).
A picture that was turned, mirrored or stretched out of shape is not read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from model.provenance import code, lattice

LEAST_SIDE = 256  # px, the longer: fewer cannot hold the waves after half the size is taken
READ_SIDE = 512  # px, of the longer side when a picture is read
STRENGTH = 1.6  # root mean square in grey levels of 255, where a picture is flat
HIGH_PASS, LARGEST = 5, 3.0  # px and grey levels: how the reader tells mark from picture
BUSY_FROM, BUSY_STEP, BUSY_MOST = 4.0, 5.0, 3.0  # grey levels of texture that hide a stronger mark
STRONGEST = 4  # times the usual strength, where the usual mark cannot be read back
BUSY_RADIUS = 12  # px at READ_SIDE: flat places beside an edge stay flat
WHOLE, SMALLEST = 1.0, 0.5  # part of the longer side that a crop may have left
STEP = 0.005  # between two parts that are tried, relative
TRIED = 8  # best places at which the code is read
FALSE_POSITIVES = (1 + TRIED) * 2.0**-code.CHECK_BITS  # of an unmarked picture: the checksum fits by chance
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601, as JPEG has it
OFFSETS = 128  # tried along each side of a period


class NotMarkable(ValueError):
    """The picture is too small for the watermark."""


@dataclass(frozen=True)
class Mark:
    """What a reader found. `part` is the longer side that is left of the marked picture's, `pilots` by how many
    standard deviations the known waves stand out, `agreeing` the part of the code's symbols that were right.
    """

    payload: bytes
    part: float
    pilots: float
    agreeing: float


def embed(image: Image.Image, payload: bytes) -> Image.Image:
    """The RGB picture with 8 bytes in it; the same picture and bytes give the same pixels.

    As weak as STRENGTH says where that can be read back; a picture that is all texture and extremes (that of
    a model that has learned little) gets more, up to STRONGEST times.

    Raises NotMarkable below LEAST_SIDE, ValueError for another number of bytes.
    """
    if max(image.size) < LEAST_SIDE:
        raise NotMarkable(
            f"{image.width}×{image.height} px are too few for the watermark; make the longer side at least "
            f"{LEAST_SIDE} px"
        )
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32)
    period = max(image.size) / lattice.REPEATS
    mark = lattice.pattern(_symbols(payload), pixels.shape[:2], period) * _strength(pixels @ LUMA)
    for times in range(1, STRONGEST + 1):
        levels = np.clip(np.rint(pixels + times * mark[..., None]), 0, 255)
        marked = Image.fromarray(levels.astype(np.uint8))
        seen = _read(_seen(marked), [WHOLE])
        if seen is not None and seen.payload == payload:
            break
    return marked


def detect(image: Image.Image) -> Mark | None:
    """The mark of a picture, or None. Whole pictures are read at once, crops after a search of a second."""
    plane = _seen(image)
    return _read(plane, [WHOLE]) or _read(plane, _parts())


def _seen(image: Image.Image) -> np.ndarray:
    """The picture at the size at which marks are read."""
    side = max(image.size)
    size = tuple(max(1, round(length * READ_SIDE / side)) for length in image.size)
    return _plane(image.convert("RGB").resize(size, Image.Resampling.LANCZOS))


def symbols_of(payload: bytes) -> np.ndarray:
    """±1 [CODED_BITS]: the code word of 8 bytes, for who counts errors."""
    return code.encode(payload)


def _read(plane: np.ndarray, parts: list[float]) -> Mark | None:
    """The mark at the best of the places, where one of them carries a whole code word."""
    periods = [READ_SIDE / lattice.REPEATS / part for part in parts]
    found = [
        (*_offset(waves), part, waves)
        for part, waves in zip(parts, lattice.spectra(plane, periods), strict=True)
    ]
    for pilots, row, column, part, waves in sorted(found, key=lambda each: -each[0])[:TRIED]:
        soft = _soft(waves, row, column)
        payload = code.decode(soft)
        if payload is not None:
            agreeing = float(np.mean(np.sign(soft) == code.encode(payload)))
            return Mark(payload, round(part, 3), round(pilots, 2), round(agreeing, 4))
    return None


def _parts() -> list[float]:
    """Parts of the longer side from all to SMALLEST, STEP apart."""
    count = int(np.log(WHOLE / SMALLEST) / STEP) + 1
    return [float(part) for part in WHOLE * np.exp(-STEP * np.arange(count))]


def _pilots() -> np.ndarray:
    count = lattice.pilot_count()
    known = lattice.signs(b"pilots", 2 * count)
    return known[:count] + 1j * known[count:]


def _data_waves() -> int:
    return len(lattice.ring()[0]) - lattice.pilot_count()


def _symbols(payload: bytes) -> np.ndarray:
    """complex [F]: the pilots, then the code word as often as it fits, whitened by signs known to all."""
    count = _data_waves()
    data = np.resize(code.encode(payload), 2 * count) * lattice.signs(b"data", 2 * count)
    return np.concatenate([_pilots(), data[:count] + 1j * data[count:]])


def _offset(waves: np.ndarray) -> tuple[float, float, float]:
    """How far the pilots stand out (in standard deviations), and at which offset (row, column in periods)."""
    count = lattice.pilot_count()
    rows, columns = lattice.ring()
    turned = waves[:count] * _pilots().conj()
    grid = np.zeros((OFFSETS, OFFSETS), dtype=np.complex64)
    grid[rows[:count] % OFFSETS, columns[:count] % OFFSETS] = turned / (np.abs(turned) + 1e-12)
    sums = np.fft.ifft2(grid).real * OFFSETS**2 / np.sqrt(count / 2)
    best = int(sums.argmax())
    return float(sums.flat[best]), best // OFFSETS / OFFSETS, best % OFFSETS / OFFSETS


def _soft(waves: np.ndarray, row: float, column: float) -> np.ndarray:
    """Soft symbols [CODED_BITS] of the waves when the pattern begins at that offset."""
    rows, columns = lattice.ring()
    data = (waves * np.exp(2j * np.pi * (rows * row + columns * column)))[lattice.pilot_count() :]
    values = np.concatenate([data.real, data.imag]) / (np.median(np.abs(data)) + 1e-12)
    values = np.clip(values, -2, 2) * lattice.signs(b"data", len(values))
    return np.bincount(np.arange(len(values)) % code.CODED_BITS, weights=values)


def _plane(image: Image.Image) -> np.ndarray:
    """float32 [H, W]: what may be mark, that is no more than LARGEST."""
    luma = np.asarray(image, dtype=np.float32) @ LUMA
    return np.clip(luma - _smooth(luma, HIGH_PASS), -LARGEST, LARGEST)


def _strength(luma: np.ndarray) -> np.ndarray:
    """float32 [H, W]: STRENGTH, more where all around is texture."""
    scale = max(luma.shape) / READ_SIDE
    texture = _smooth(np.abs(luma - _smooth(luma, round(8 * scale))), round(6 * scale))
    around = _least(texture, round(BUSY_RADIUS * scale))
    return STRENGTH * np.clip(1 + (around - BUSY_FROM) / BUSY_STEP, 1, BUSY_MOST)


def _smooth(plane: np.ndarray, radius: int) -> np.ndarray:
    """A mean over 2·radius+1 px a side, twice: nearly a Gaussian."""
    for axis in (0, 1, 0, 1):
        sums = np.cumsum(_padded(plane, radius + 1, radius, axis), axis=axis, dtype=np.float64)
        width, length = 2 * radius + 1, plane.shape[axis]
        ahead = np.take(sums, range(width, width + length), axis=axis)
        plane = ((ahead - np.take(sums, range(length), axis=axis)) / width).astype(np.float32)
    return plane


def _least(plane: np.ndarray, radius: int) -> np.ndarray:
    """The smallest value within `radius` px in each direction."""
    for axis in (0, 1):
        plane = sliding_window_view(_padded(plane, radius, radius, axis), 2 * radius + 1, axis=axis).min(-1)
    return plane


def _padded(plane: np.ndarray, before: int, after: int, axis: int) -> np.ndarray:
    return np.pad(plane, [(before, after) if each == axis else (0, 0) for each in (0, 1)], mode="edge")
