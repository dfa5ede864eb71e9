"""Pictures from strangers: told apart by content, checked before decoding, turned into RGB on white.

An SVG is rendered to PNG on import, and that PNG is the work from then on (it is what is hashed and pinned).
Rendering must give the same bytes on every machine, so no system font and no outside file takes part.
"""

from __future__ import annotations

import io
import warnings

import resvg_py
from PIL import Image, ImageOps, UnidentifiedImageError

from model.refused import CorruptImage, ImageRefused, TooManyPixels, UnknownFormat, UnsafeSvg
from model.svg import check_svg

__all__ = [
    "CorruptImage", "ImageRefused", "TooManyPixels", "UnknownFormat", "UnsafeSvg", "open_image", "render_svg", "sniff",
]

MAX_PIXELS = 40_000_000
SVG_SIZE = 512
SVG_DPI = 96  # the CSS value; with resvg's own default, files that state mm or pt fail to render
MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
SVG_TYPE = "image/svg+xml"


def sniff(data: bytes) -> str:
    """Media type of `data` by its content; the file's name plays no part. Raises UnknownFormat."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    head = data[:4096].lstrip(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"<") and b"<svg" in data[:65536]:
        return SVG_TYPE
    shown = data[:8].hex(" ") or "nothing"
    raise UnknownFormat(f"unknown image format (begins with {shown}); give a PNG, JPEG, WebP or SVG file")


def render_svg(data: bytes, size: int = SVG_SIZE) -> bytes:
    """PNG bytes of an SVG whose longer side is `size` px. Raises UnsafeSvg, CorruptImage or TooManyPixels."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorruptImage(f"the SVG is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    width, height = check_svg(data)
    longer = {"width": size} if width >= height else {"height": size}
    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=text, dpi=SVG_DPI, skip_system_fonts=True, **longer))
    except ValueError as error:
        raise CorruptImage(f"the SVG cannot be rendered: {error}") from error


def open_image(data: bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a PNG, JPEG, WebP or SVG to RGB: turned as its EXIF says, transparency on white.

    Only the first frame of an animation counts. Raises UnknownFormat, CorruptImage, TooManyPixels, UnsafeSvg.
    """
    if sniff(data) == SVG_TYPE:
        data = render_svg(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is checked below
            image = Image.open(io.BytesIO(data), formats=list(MEDIA_TYPES))
        width, height = image.size
        if width * height > max_pixels:
            raise TooManyPixels(
                f"{width}×{height} is {width * height:,} pixels; at most {max_pixels:,} are accepted: "
                "scale it down"
            )
        image.load()
        return _on_white(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        raise TooManyPixels(f"the picture has far more than the {max_pixels:,} pixels that are accepted: scale it down") from error
    except ImageRefused:
        raise
    except UnidentifiedImageError as error:
        raise CorruptImage("the file is damaged: it begins like a picture and is none; save it again") from error
    except (OSError, SyntaxError, ValueError, IndexError, EOFError) as error:
        raise CorruptImage(f"the file is damaged or cut short ({error}); save it again") from error


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256).convert("L")  # convert() alone clips 16 bits to white
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")


def encode_png(image: Image.Image) -> bytes:
    """PNG bytes of an image; the same picture gives the same bytes with the same Pillow and zlib."""
    out = io.BytesIO()
    image.save(out, format="PNG", compress_level=6)
    return out.getvalue()
