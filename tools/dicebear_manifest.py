"""Write MANIFEST.jsonl from the npm packages `@dicebear/core` and `@dicebear/collection`: 14 artists, one style each.

    python tools/dicebear_manifest.py OUT_DIR [--per-style 40] [--modules node_modules]

A controlled set for attribution (docs/design.md, section 10): whose style was asked for is known. The only place that
knows DiceBear, with `dicebear_works.mjs`, which draws the SVGs into OUT_DIR/svg.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DRAW = Path(__file__).with_name("dicebear_works.mjs")
PACKAGES = ("core", "collection")


def draw(modules: Path, out_dir: Path, per_style: int) -> list[dict[str, object]]:
    """Draw the SVGs and return one dict a work: file (relative to `out_dir`), artist, title, tags, licence, source.

    Raises ValueError when the packages are missing or a style has no `per_style` different works.
    """
    missing = [name for name in PACKAGES if not (modules / "@dicebear" / name / "lib" / "index.js").is_file()]
    if missing:
        raise ValueError(f"{modules / '@dicebear'} lacks {', '.join(missing)}: run `npm ci` first")
    if per_style < 1:
        raise ValueError(f"{per_style} works a style: ask for at least one")
    command = ["node", str(DRAW), str(modules.resolve()), str(out_dir), str(per_style)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"node could not draw the works: {done.stderr.strip()[-500:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--per-style", type=int, default=40)
    parser.add_argument("--modules", type=Path, default=ROOT / "node_modules")
    arguments = parser.parse_args()
    out_dir = arguments.out_dir.resolve()
    out_dir.mkdir(parents=True, exist_ok=True)
    try:
        lines = draw(arguments.modules, out_dir, arguments.per_style)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    target = out_dir / "MANIFEST.jsonl"
    target.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    print(f"{target}: {len(lines)} works by {len({line['artist'] for line in lines})} artists")
    return 0


if __name__ == "__main__":
    sys.exit(main())
