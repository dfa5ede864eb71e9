"""Why a file cannot become a work."""

from __future__ import annotations


class ImageRefused(ValueError):
    """A file that cannot become a work. `code` is stable for programs, the message is for people."""

    code = "image_refused"


class UnknownFormat(ImageRefused):
    """The content is neither PNG, JPEG, WebP nor SVG."""

    code = "unknown_format"


class CorruptImage(ImageRefused):
    """The content begins like a known format but cannot be decoded."""

    code = "corrupt_image"


class TooManyPixels(ImageRefused):
    """Decoding would take more memory than allowed; refused from the header alone."""

    code = "too_many_pixels"


class UnsafeSvg(ImageRefused):
    """An SVG with parts that are not plain shapes: outside files, embedded pictures, entities, expansion
    bombs.
    """

    code = "unsafe_svg"
