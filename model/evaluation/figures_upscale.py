"""What each upscaler loses: works at the delivered size, scaled down to the network's size and up again.

    python -m model.evaluation.figures_upscale --manifest MANIFEST.jsonl [--count 48]

Writes benchmarks/results/upscale.json. Works are taken at even distances from the manifest, which is sorted
by hash.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import cosine_similarity

from model import checkpoint
from model.dataset import Manifest, load_dataset
from model.features import NAME, SIZE_PX, picture_features
from model.manifest_file import read_manifest
from model.upscale import METHODS, upscale

RESULT = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "upscale.json"


def upscale_figures(images: torch.Tensor, small_px: int) -> dict[str, Any]:
    """{method: {psnr_db, features_apart, processor_ms}} of pictures uint8 [N, 3, S, S].

    PSNR is that of the mean squared error over all pictures; `features_apart` is the mean of 1 − cosine.
    """
    size_px = images.shape[-1]
    originals = [Image.fromarray(image.permute(1, 2, 0).numpy()) for image in images]
    small = [one.resize((small_px, small_px), Image.Resampling.LANCZOS) for one in originals]
    known = picture_features(images)
    found: dict[str, Any] = {"pictures": len(images), "small_px": small_px, "size_px": size_px}
    for method in METHODS:
        began = time.process_time()
        made = [upscale(one, size_px, method) for one in small]
        spent = time.process_time() - began
        pixels = torch.stack([torch.from_numpy(np.array(one)).permute(2, 0, 1) for one in made])
        error = float((pixels.float() - images.float()).square().mean())
        found[method] = {
            "psnr_db": round(10 * math.log10(255**2 / max(error, 1e-9)), 2),
            "features_apart": round(float(1 - cosine_similarity(picture_features(pixels), known).mean()), 4),
            "processor_ms": round(1000 * spent / len(made), 1),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what each upscaler loses.")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--small", type=int, default=64, help="px of the network")
    parser.add_argument("--size", type=int, default=512, help="px of the delivery")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    manifest, files = read_manifest(arguments.manifest)
    chosen = manifest.works[:: max(1, len(manifest.works) // arguments.count)][: arguments.count]
    dataset = load_dataset(Manifest(chosen), lambda work: files[work.content_hash], arguments.size)
    record = upscale_figures(dataset.images, arguments.small)
    record["features"] = f"{NAME}, at {SIZE_PX} px"
    checkpoint.write_json(arguments.out, record)
    for method in METHODS:
        print(method, record[method])


if __name__ == "__main__":
    main()
