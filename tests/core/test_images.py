"""Figures are built anew: what acts, loads or hides is refused by name, what draws survives."""

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from apps.core.images import ImageTooLarge, NotAnImage, UnsafeImage, clean_image
from apps.core.images import png as png_module
from apps.core.images import svg as svg_module


def svg(inside="", attributes='viewBox="0 0 40 30"', before=""):
    return f'{before}<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'.encode()


def png(mode="RGB", size=(4, 3), **options):
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG", **options)
    return out.getvalue()


def chunks(data):
    position = len(png_module.SIGNATURE)
    while position < len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        yield data[position + 4 : position + 8]
        position += length + 12


DRAWING = """
  <title>A triangle</title>
  <defs>
    <marker id="tip" markerWidth="4" markerHeight="4" refX="1" refY="2"><path d="M0 0L4 2L0 4z"/></marker>
    <linearGradient id="shade"><stop offset="0" stop-color="red"/></linearGradient>
    <symbol id="dot"><circle r="1"/></symbol>
  </defs>
  <g fill="none" stroke="#000" stroke-width="1.5"><path d="M1 1L20 20" marker-end="url(#tip)"/></g>
  <rect x="1" y="1" width="9" height="9" fill="url('#shade')"/>
  <use href="#dot" x="3" y="4"/>
  <text x="2" y="9" font-size="4">A &amp; <tspan font-style="italic">B</tspan>, then</text>
"""


def test_clean_image_keeps_a_drawing():
    image = clean_image(svg(DRAWING))
    assert (image.content_type, image.width, image.height) == ("image/svg+xml", 40, 30)
    content = image.content.decode()
    assert content.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    for kept in (
        "<title>A triangle</title>",
        'marker-end="url(#tip)"',
        'href="#dot"',
        'A &amp; <tspan font-style="italic">B</tspan>, then',
    ):
        assert kept in content


@pytest.mark.parametrize("data", [svg(DRAWING), png(), png("RGBA"), png("P"), png("L"), png("LA"), png("1")])
def test_clean_image_of_a_clean_image_is_the_same(data):
    clean = clean_image(data)
    assert clean_image(clean.content) == clean


def test_clean_image_does_not_depend_on_how_the_same_drawing_is_written():
    one = svg('<g   fill="red" id="a"><path d="M0 0"/></g>')
    other = (
        b'\xef\xbb\xbf<?xml version="1.0"?><!-- made by hand --><x:svg xmlns:x="http://www.w3.org/2000/svg"'
        b' viewBox="0 0 40 30"><x:g id="a" fill="red">\n<x:path d="M0 0"></x:path></x:g></x:svg>'
    )
    assert clean_image(one) == clean_image(other)


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('viewBox="0 0 40 30"', (40, 30)),
        ('viewBox="-5,-5 40.4 30.6"', (40, 31)),
        ('width="80" height="60"', (80, 60)),
        ('width="80px" height="1in" viewBox="0 0 1 1"', (80, 96)),
        ('width="72pt" height="6pc"', (96, 96)),
        ('width="2.54cm" height="25.4mm"', (96, 96)),
        ('width="100%" height="100%" viewBox="0 0 40 30"', (40, 30)),
        ('width="0" height="0" viewBox="0 0 40 30"', (40, 30)),
    ],
)
def test_clean_image_gives_a_drawing_a_size(attributes, size):
    image = clean_image(svg(attributes=attributes))
    assert (image.width, image.height) == size
    assert f'width="{size[0]}"'.encode() in image.content
    assert b"viewBox=" in image.content


@pytest.mark.parametrize(
    "attributes", ["", 'width="10"', 'viewBox="0 0 0 5"', 'viewBox="a b c d"', 'width="-3" height="2"']
)
def test_clean_image_refuses_a_drawing_without_size(attributes):
    with pytest.raises(NotAnImage, match="no size"):
        clean_image(svg(attributes=attributes))


def test_clean_image_turns_styles_into_attributes():
    content = clean_image(
        svg('<path fill="red" style="fill:blue !important;stroke: url(#a);-inkscape-x: 1; cursor:none"/>')
    ).content
    assert b'fill="blue"' in content
    assert b'stroke="url(#a)"' in content
    assert b"style" not in content
    assert b"inkscape" not in content


def test_clean_image_leaves_out_the_notes_of_drawing_programs():
    content = clean_image(
        svg(
            '<metadata><r:RDF xmlns:r="r"/></metadata><i:view xmlns:i="inkscape"><i:on/></i:view>'
            '<g xmlns:i="inkscape" i:label="secret" class="c" data-x="1" tabindex="0"/>',
        )
    ).content
    for gone in (b"metadata", b"RDF", b"inkscape", b"secret", b"class", b"data-x", b"tabindex"):
        assert gone not in content


def test_clean_image_takes_a_doctype_that_declares_nothing():
    doctype = (
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    )
    assert clean_image(svg(before=doctype)).width == 40


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ("<style>* { fill: red }</style>", "<style>"),
        ("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject>", "<foreignObject>"),
        ('<image href="data:image/png;base64,AAAA"/>', "<image>"),
        ('<a href="#x"><path d="M0 0"/></a>', "<a>"),
        ('<animate attributeName="x"/>', "<animate>"),
        ('<set attributeName="onload" to="alert(1)"/>', "<set>"),
        ("<filter><feImage/></filter>", "<filter>"),
        ("<iframe/>", "<iframe>"),
        ('<g onload="alert(1)"/>', "onload"),
        ('<g ONCLICK="alert(1)"/>', "ONCLICK"),
        ('<use href="https://example.org/a.svg#b"/>', "https://example.org"),
        ('<use href="other.svg#b"/>', "other.svg"),
        ('<use href="data:image/svg+xml,x#b"/>', "outside itself"),
        ('<use xmlns:x="http://www.w3.org/1999/xlink" x:href="//example.org/a#b"/>', "//example.org"),
        ('<path fill="url(https://example.org/a)"/>', "outside itself"),
        ('<path fill="URL ( //example.org )"/>', "outside itself"),
        ("<path fill=\"url('//example.org/#a')\"/>", "outside itself"),
        ('<path style="fill: url(//example.org)"/>', "outside itself"),
        ('<path style="background: url(//example.org)"/>', "outside itself"),
        ('<path fill="u\\72l(//example.org)"/>', "outside itself"),
        ('<path style="fill: ur/**/l(//example.org)"/>', "outside itself"),
        ('<path fill="image-set(x)"/>', "outside itself"),
        ('<path d="javascript:alert(1)"/>', "outside itself"),
    ],
)
def test_clean_image_refuses_what_acts_or_loads(inside, named):
    with pytest.raises(UnsafeImage) as refusal:
        clean_image(svg(inside))
    assert named in str(refusal.value)


def test_clean_image_refuses_a_handler_on_the_drawing_itself():
    with pytest.raises(UnsafeImage, match="onload"):
        clean_image(svg(attributes='viewBox="0 0 1 1" onload="alert(1)"'))


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY a "b">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY % a SYSTEM "http://example.org/a.dtd"> %a;',
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">',
    ],
)
def test_clean_image_refuses_entities(declaration):
    with pytest.raises(UnsafeImage, match="entities"):
        clean_image(svg(before=f"<!DOCTYPE svg [{declaration}]>"))


@pytest.mark.parametrize(
    "inside",
    [
        '<g id="a"><use href="#a"/></g>',
        '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>',
    ],
)
def test_clean_image_refuses_parts_used_within_themselves(inside):
    with pytest.raises(UnsafeImage, match="within itself"):
        clean_image(svg(inside))


def multiplying(levels):
    parts = ['<g id="l0"><path d="M0 0"/></g>']
    parts += [f'<g id="l{n}">' + f'<use href="#l{n - 1}"/>' * 10 + "</g>" for n in range(1, levels)]
    return "".join(parts)


@pytest.mark.parametrize(
    "inside",
    [
        multiplying(8),
        "<g>" * svg_module.MAX_DEPTH + "</g>" * svg_module.MAX_DEPTH,
        "<g/>" * svg_module.MAX_ELEMENTS,
        "".join(f'<g id="l{n}"><use href="#l{n + 1}"/></g>' for n in range(900)),
    ],
    ids=["uses multiply", "deep", "many", "chain"],
)
def test_clean_image_refuses_drawings_with_too_many_parts(inside):
    with pytest.raises(ImageTooLarge, match="too many parts"):
        clean_image(svg(inside))


def test_clean_image_refuses_large_drawings():
    with pytest.raises(ImageTooLarge, match="1024 KB"):
        clean_image(svg("<!--" + "x" * svg_module.MAX_BYTES + "-->"))
    with pytest.raises(ImageTooLarge, match="may measure"):
        clean_image(svg(attributes='viewBox="0 0 100000 1"'))


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"%PDF-1.7", b"\xff\xd8\xff\xe0", b"plain text"],
)
def test_clean_image_refuses_other_formats(data):
    with pytest.raises(NotAnImage, match="neither a PNG nor an SVG"):
        clean_image(data)


@pytest.mark.parametrize(
    "data",
    [
        b"<html><body>x</body></html>",
        b"<svg>",
        b'<svg viewBox="0 0 1 1"/>',  # without SVG's namespace a browser shows a tree of text
        b'<?xml version="1.0" encoding="no-such"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    ],
)
def test_clean_image_refuses_what_only_looks_like_a_drawing(data):
    with pytest.raises(NotAnImage):
        clean_image(data)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_clean_image_keeps_the_pixels_of_a_png(mode):
    data = png(mode, (5, 7))
    clean = clean_image(data)
    assert (clean.content_type, clean.width, clean.height) == ("image/png", 5, 7)
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(clean.content)) as after:
        assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()


def test_clean_image_keeps_the_transparent_colour_of_a_palette():
    clean = clean_image(png("P", transparency=0))
    with Image.open(io.BytesIO(clean.content)) as image:
        assert image.convert("RGBA").getpixel((0, 0))[3] == 0


def test_clean_image_strips_metadata():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "A. Nonymous")
    notes.add_itxt("Place", "51.0, 7.0")
    exif = Image.Exif()
    exif[0x010E] = "described"
    data = png(pnginfo=notes, exif=exif, dpi=(300, 300), icc_profile=b"profile")
    assert set(chunks(clean_image(data).content)) == {b"IHDR", b"IDAT", b"IEND"}


def test_clean_image_leaves_nothing_behind_the_end():
    assert b"<script>" not in clean_image(png() + b"<script>alert(1)</script>").content


def test_clean_image_refuses_animations():
    frames = [Image.new("RGB", (2, 2), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    with pytest.raises(UnsafeImage, match="animated"):
        clean_image(out.getvalue())


def test_clean_image_counts_pixels_before_decoding():
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = png_module.SIGNATURE + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(ImageTooLarge, match="60000 by 60000"):
        clean_image(bomb)


@pytest.mark.parametrize("data", [png()[:20], png()[:40], png()[:-30], png_module.SIGNATURE])
def test_clean_image_refuses_damaged_pngs(data):
    with pytest.raises(NotAnImage, match="damaged"):
        clean_image(data)


def test_clean_image_refuses_large_pngs():
    with pytest.raises(ImageTooLarge, match="5 MB"):
        clean_image(png() + b"\0" * png_module.MAX_BYTES)
