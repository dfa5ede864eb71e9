"""Small line plots as SVG text: no plotting library, the same numbers give the same bytes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 64, 16, 40, 72  # px
COLOURS = ("#9aa0a6", "#1a73e8", "#d93025", "#188038")


@dataclass(frozen=True)
class Line:
    """A named row of (x, y) points."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round values from `low` to `high`: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / about or 1.0
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]


def plot(lines: Sequence[Line], title: str, x_name: str, y_name: str) -> str:
    """An SVG document of the lines; the y axis reaches from the lowest to the highest value.

    Raises ValueError when there is no point.
    """
    points = [point for line in lines for point in line.points]
    if not points:
        raise ValueError("there is nothing to plot: no line has a point")
    (x_low, x_high), (y_low, y_high) = (_range([point[axis] for point in points]) for axis in (0, 1))

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - (y - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM),
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 22, title, size=14),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 34, x_name, anchor="middle"),
        _text(LEFT - 8, TOP - 6, y_name, anchor="end"),
    ]
    for y in ticks(y_low, y_high):
        level = place(x_low, y)[1]
        parts.append(f'<path d="M{LEFT} {level:.1f}H{WIDTH - RIGHT}" stroke="#e0e0e0"/>')
        parts.append(_text(LEFT - 8, level + 4, f"{y:g}", anchor="end"))
    for x in ticks(x_low, x_high):
        parts.append(_text(place(x, y_low)[0], HEIGHT - BOTTOM + 16, f"{x:,g}", anchor="middle"))
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        parts += _drawn(line, [place(*point) for point in line.points], colour)
        across = LEFT + number * (WIDTH - LEFT) / len(lines)
        parts.append(f'<path d="M{across:.1f} {HEIGHT - 18}h18" stroke="{colour}" stroke-width="3"/>')
        parts.append(_text(across + 24, HEIGHT - 14, line.name))
    return "\n".join([*parts, "</svg>", ""])


def _range(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low, low + 1)


def _drawn(line: Line, places: list[tuple[float, float]], colour: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    drawn = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    if line.dots:
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
    return drawn


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 12) -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="#333"'
    return f"<text {where}>{escape(text)}</text>"
