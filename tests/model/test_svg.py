"""SVG: rendered to the same PNG every time, and refused when it is more than plain shapes of bounded size."""

import pytest

from model.images import (
    CorruptImage,
    ImageRefused,
    TooManyPixels,
    UnknownFormat,
    UnsafeSvg,
    open_image,
    render_svg,
    sniff,
)

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 72 72">'
)
DISC = '<circle cx="36" cy="36" r="30" fill="#00f"/>'


def svg(body: str, head: str = HEAD) -> bytes:
    return f"{head}{body}</svg>".encode()


def test_shapes_become_a_512_px_png() -> None:
    data = svg(DISC)
    assert sniff(data) == "image/svg+xml"
    image = open_image(data)
    assert image.size == (512, 512)
    assert image.getpixel((256, 256)) == (0, 0, 255)
    assert image.getpixel((2, 2)) == (255, 255, 255)
    assert render_svg(data) == render_svg(data)


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        ("20mm", "10mm", (512, 256)),
        ("100", "200", (256, 512)),
        ("100%", "100%", (512, 512)),
    ],
)
def test_the_longer_side_is_512(width: str, height: str, size: tuple[int, int]) -> None:
    head = HEAD.replace("viewBox", f'width="{width}" height="{height}" viewBox')
    assert open_image(svg(DISC, head)).size == size


@pytest.mark.parametrize(
    "body",
    [
        '<image href="/etc/passwd"/>',
        '<image xlink:href="https://example.org/a.png" width="9" height="9"/>',
        '<image href="data:image/png;base64,AAAA"/>',
        '<use href="other.svg#a"/>',
        '<filter id="f"><feImage href="file:///tmp/a.png"/></filter>',
        "<script>1</script>",
        "<foreignObject/>",
    ],
)
def test_parts_from_outside_are_refused(body: str) -> None:
    with pytest.raises(UnsafeSvg):
        render_svg(svg(body))


def test_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + svg("<text>&b;</text>")
    with pytest.raises(UnsafeSvg, match="entities"):
        render_svg(bomb)


def test_use_bombs_are_refused() -> None:
    levels = ['<g id="l0">' + DISC * 10 + "</g>"]
    levels += [f'<g id="l{n}">' + f'<use href="#l{n - 1}"/>' * 10 + "</g>" for n in range(1, 9)]
    with pytest.raises(UnsafeSvg, match="expand"):
        render_svg(svg("".join(levels)))


def test_use_cycles_end() -> None:
    body = '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>' + DISC
    try:
        assert render_svg(svg(body))
    except ImageRefused:
        pass  # refusing is as good; hanging or crashing is not


def test_extreme_shapes_are_refused() -> None:
    with pytest.raises(TooManyPixels):
        render_svg(svg(DISC, HEAD.replace("0 0 72 72", "0 0 1 100000")))
    with pytest.raises(UnsafeSvg, match="nested"):
        render_svg(svg("<g>" * 200 + "</g>" * 200))


def test_broken_and_sizeless_files_are_corrupt() -> None:
    with pytest.raises(CorruptImage, match="well-formed"):
        render_svg(svg("<g>"))
    with pytest.raises(CorruptImage, match="size"):
        render_svg(svg(DISC, '<svg xmlns="http://www.w3.org/2000/svg">'))
    with pytest.raises(CorruptImage, match="UTF-8"):
        render_svg(svg(DISC).decode().encode("utf-16"))
    with pytest.raises(UnknownFormat):
        open_image(svg(DISC).decode().encode("utf-16"))
