"""A flow picture (Sankey diagram) of money as SVG."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, ROW_GAP, NODE_WIDTH, LABEL_WIDTH = 1000, 14, 12, 290
LABEL_LETTERS = 26  # as many as stand beside an amount in LABEL_WIDTH
PALETTE = ("#e4572e", "#17bebb", "#ffc914", "#8f6bd1", "#d1495b", "#2e86ab", "#f18f01", "#b56576", "#4f9d69", "#c77dff",
           "#7a8b99", "#76b041", "#5566cc", "#a0763a", "#3a9188", "#999999")


@dataclass(frozen=True)
class Link:
    """`amount` (smallest unit) that went from the node `source` on the left to the node `target` on the right."""

    source: str
    target: str
    amount: int


def _place(names: list[str], amounts: dict[str, int], unit_px: float) -> dict[str, tuple[float, float]]:
    """Top and height in pixels of each node of one column."""
    places, y = {}, 8.0
    for name in names:
        height = max(amounts[name] * unit_px, 1.5)
        places[name] = (y, height)
        y += height + ROW_GAP
    return places


def _ribbon(x0: float, y0: float, x1: float, y1: float, height: float, colour: str, title: str) -> str:
    middle = (x0 + x1) / 2
    path = (f"M{x0:.1f},{y0:.2f} C{middle:.1f},{y0:.2f} {middle:.1f},{y1:.2f} {x1:.1f},{y1:.2f} "
            f"L{x1:.1f},{y1 + height:.2f} C{middle:.1f},{y1 + height:.2f} {middle:.1f},{y0 + height:.2f} {x0:.1f},{y0 + height:.2f} Z")
    return f'<path d="{path}" fill="{colour}" fill-opacity=".42"><title>{escape(title)}</title></path>'


def flow_picture(links: Sequence[Link], targets: Sequence[str], money: Callable[[int], str], body_px: int = 360) -> str:
    """Draws `links` as one SVG; ribbons and nodes are as high as their amounts.

    `targets` is the order of the right column from above, `money` formats an amount for people.
    """
    links = [link for link in links if link.amount > 0]
    if not links:
        return '<p class="empty">No money has moved.</p>'
    left = list(dict.fromkeys(link.source for link in links))
    right = [name for name in targets if any(link.target == name for link in links)]
    out = {name: sum(link.amount for link in links if link.source == name) for name in left}
    into = {name: sum(link.amount for link in links if link.target == name) for name in right}
    unit_px = body_px / sum(out.values())
    sources, sinks = _place(left, out, unit_px), _place(right, into, unit_px)
    colours = {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(right)}
    x0, x1 = LABEL_WIDTH + NODE_WIDTH, WIDTH - LABEL_WIDTH - NODE_WIDTH

    parts, used_out, used_in = [], dict.fromkeys(left, 0.0), dict.fromkeys(right, 0.0)
    for link in links:
        height = link.amount * unit_px
        parts.append(_ribbon(x0, sources[link.source][0] + used_out[link.source], x1, sinks[link.target][0] + used_in[link.target],
                             height, colours[link.target], f"{link.source} → {link.target}: {money(link.amount)}"))
        used_out[link.source] += height
        used_in[link.target] += height
    for name, (y, height) in sources.items():
        parts.append(f'<rect x="{LABEL_WIDTH}" y="{y:.2f}" width="{NODE_WIDTH}" height="{height:.2f}" fill="currentColor" fill-opacity=".55"/>')
        parts.append(_label(LABEL_WIDTH - 8, y + height / 2, "end", name, money(out[name])))
    for name, (y, height) in sinks.items():
        parts.append(f'<rect x="{x1}" y="{y:.2f}" width="{NODE_WIDTH}" height="{height:.2f}" fill="{colours[name]}"/>')
        parts.append(_label(x1 + NODE_WIDTH + 8, y + height / 2, "start", name, money(into[name])))
    height = max(y + h for y, h in [*sources.values(), *sinks.values()]) + 12
    return (f'<svg class="flow" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="Where the money of each order went">'
            + "".join(parts) + "</svg>")


def _label(x: float, y: float, anchor: str, name: str, amount: str) -> str:
    if len(name) > LABEL_LETTERS:
        name = name[:LABEL_LETTERS - 1].rstrip() + "…"
    return (f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">{escape(name)} '
            f'<tspan class="amount">{escape(amount)}</tspan></text>')
