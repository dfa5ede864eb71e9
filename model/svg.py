"""What an SVG must satisfy before it is rendered: plain shapes, bounded size, nothing from outside.

The renderer would open linked files of this machine and expand `<use>` without limit; both are ruled out
here.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from model.refused import CorruptImage, TooManyPixels, UnsafeSvg

MAX_BYTES = 5_000_000
MAX_ELEMENTS = 50_000  # also after every <use> is expanded
MAX_DEPTH = 100
MAX_ASPECT = 16.0
REFUSED = {"image", "feimage", "script", "foreignobject", "iframe", "audio", "video"}
PX_PER_UNIT = {
    "": 1.0,
    "px": 1.0,
    "pt": 96 / 72,
    "pc": 16.0,
    "mm": 96 / 25.4,
    "cm": 96 / 2.54,
    "in": 96.0,
    "em": 16.0,
    "ex": 8.0,
}
LENGTH = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(px|pt|pc|mm|cm|in|em|ex|%)?\s*$")


class _Reader:
    """Collects the tree's shape in one pass: element counts per id, references, and the root's size."""

    def __init__(self) -> None:
        self.root: dict[str, str] | None = None
        self.parents: list[int] = []
        self.children: list[list[int]] = []
        self.uses: dict[int, str] = {}
        self.ids: dict[str, int] = {}
        self.refused: str | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rsplit(":", 1)[-1].lower()
        if self.root is None:
            self.root = attributes if local == "svg" else {}
            self.refused = None if local == "svg" else f"its root is <{name}>"
        node = len(self.children)
        if node >= MAX_ELEMENTS:
            self.refused = f"more than {MAX_ELEMENTS:,} elements"
        if len(self.parents) >= MAX_DEPTH:
            self.refused = f"nested deeper than {MAX_DEPTH} levels"
        if local in REFUSED:
            self.refused = f"it contains <{name}>; keep only shapes"
        self.children.append([])
        if self.parents:
            self.children[self.parents[-1]].append(node)
        self.parents.append(node)
        self._attributes(node, attributes)
        if self.refused:
            raise _Refuse(self.refused)

    def _attributes(self, node: int, attributes: dict[str, str]) -> None:
        for key, value in attributes.items():
            local = key.rsplit(":", 1)[-1].lower()
            if local == "id":
                self.ids.setdefault(value, node)
            elif local == "href":
                if not value.strip().startswith("#"):
                    self.refused = f"it links to {value[:60]!r}; only links inside the file are accepted"
                self.uses[node] = value.strip()[1:]

    def end(self, _name: str) -> None:
        self.parents.pop()

    def doctype(self, _name: str, _system: str | None, _public: str | None, internal: int) -> None:
        if internal:
            raise _Refuse("its DOCTYPE defines entities; remove the DOCTYPE")

    def expanded(self) -> int:
        """Elements after every reference is replaced by its target; stops counting above the limit."""
        weights: dict[int, int] = {}
        open_nodes: set[int] = set()
        stack = [(0, False)]
        while stack:
            node, done = stack.pop()
            reached = list(self.children[node])
            if node in self.uses and self.uses[node] in self.ids:
                reached.append(self.ids[self.uses[node]])
            if done:
                open_nodes.discard(node)
                weights[node] = min(1 + sum(weights.get(n, 0) for n in reached), MAX_ELEMENTS + 1)
            elif (
                node not in weights and node not in open_nodes
            ):  # an open node is a cycle: the renderer drops it
                open_nodes.add(node)
                stack.append((node, True))
                stack.extend((n, False) for n in reached)
        return weights[0]


class _Refuse(Exception):
    pass


def check_svg(data: bytes) -> tuple[float, float]:
    """Width and height in px that the SVG states. Raises UnsafeSvg, CorruptImage or TooManyPixels."""
    if len(data) > MAX_BYTES:
        raise TooManyPixels(
            f"the SVG has {len(data):,} bytes; at most {MAX_BYTES:,} are accepted: simplify its paths"
        )
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(data, True)
    except _Refuse as error:
        raise UnsafeSvg(f"the SVG is refused: {error}") from None
    except expat.ExpatError as error:
        raise CorruptImage(f"the SVG is not well-formed XML ({error}); export it again") from error
    if reader.expanded() > MAX_ELEMENTS:
        raise UnsafeSvg(f"the SVG is refused: its <use> elements expand to more than {MAX_ELEMENTS:,} shapes")
    width, height = _size(reader.root or {})
    if width <= 0 or height <= 0:
        raise CorruptImage("the SVG states no size; give it a viewBox or width and height")
    if max(width, height) / min(width, height) > MAX_ASPECT:
        raise TooManyPixels(
            f"the SVG is {width:g}×{height:g}: a side more than {MAX_ASPECT:g} times the other is refused"
        )
    return width, height


def _size(root: dict[str, str]) -> tuple[float, float]:
    box = [
        float(n) for n in re.findall(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", root.get("viewBox", ""))
    ]
    view = (box[2], box[3]) if len(box) == 4 else (0.0, 0.0)
    return _length(root.get("width"), view[0]), _length(root.get("height"), view[1])


def _length(value: str | None, whole: float) -> float:
    match = LENGTH.match(value or "100%")
    if match is None:
        return 0.0
    number, unit = float(match.group(1)), match.group(2) or ""
    return number / 100 * whole if unit == "%" else number * PX_PER_UNIT[unit]
