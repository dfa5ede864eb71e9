"""Write MANIFEST.jsonl and PROMPTS.txt for `meltingpot import` from the npm package `openmoji`.

    python tools/openmoji_manifest.py OUT_DIR [--all] [--package node_modules/openmoji]

Faces and people, 559 works; with `--all` every base work (2,195: no skin tones, no flags), whose group is
its last tag. The only place that knows OpenMoji. Works stay where they are; the manifest names them by
relative path.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GROUPS = ("smileys-emotion", "people-body")
LEFT_OUT = ("flags",)
LICENCE = "CC-BY-SA-4.0"
# What the demo's buyers ask for: titles of works and, in between, words that no work has as its title.
PROMPTS = ("smiling face with sunglasses", "face with tears of joy", "woman astronaut", "red heart",
           "grinning cat", "vampire", "police officer", "broken heart")


def manifest_lines(package: Path, out_dir: Path, every_group: bool = False) -> list[dict[str, object]]:
    """One dict a work in Unicode order: file (relative to `out_dir`), artist, title, tags, licence,
    source.
    """
    entries = json.loads((package / "data" / "openmoji.json").read_text(encoding="utf-8"))
    lines = []
    for entry in entries:
        group = entry["group"]
        if entry["skintone"] or group in LEFT_OUT or not (every_group or group in GROUPS):
            continue
        file = package / "color" / "svg" / f"{entry['hexcode']}.svg"
        lines.append({
            "file": Path(os.path.relpath(file, out_dir)).as_posix(),
            "artist": entry["openmoji_author"].strip(),
            "title": entry["annotation"].strip(),
            "tags": _tags(entry, with_group=every_group),
            "licence": LICENCE,
            "source": f"https://openmoji.org/library/emoji-{entry['hexcode']}/",
        })
    return lines


def _tags(entry: dict[str, str], with_group: bool) -> list[str]:
    words = f"{entry['tags']},{entry['openmoji_tags']},{entry['subgroups'].replace('-', ' ')}".split(",")
    words += [entry["group"].replace("-", " ")] if with_group else []
    tags = [word.strip() for word in words if word.strip() and word.strip() != entry["annotation"].strip()]
    return list(dict.fromkeys(tags))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--all", action="store_true", help="every base work, not faces and people alone")
    parser.add_argument("--package", type=Path, default=ROOT / "node_modules" / "openmoji")
    arguments = parser.parse_args()
    if not (arguments.package / "data" / "openmoji.json").is_file():
        print(f"{arguments.package} is not the openmoji package: run `npm ci` first", file=sys.stderr)
        return 1
    out_dir = arguments.out_dir.resolve()
    out_dir.mkdir(parents=True, exist_ok=True)
    lines = manifest_lines(arguments.package.resolve(), out_dir, arguments.all)
    target = out_dir / "MANIFEST.jsonl"
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    target.write_text(text, encoding="utf-8")
    (out_dir / "PROMPTS.txt").write_text("\n".join(PROMPTS) + "\n", encoding="utf-8")
    artists = len({line["artist"] for line in lines})
    print(f"{target}: {len(lines)} works by {artists} artists")
    return 0


if __name__ == "__main__":
    sys.exit(main())
