"""PNG: decoded and encoded again, so that only pixels remain."""

import io
import struct
from typing import TYPE_CHECKING

from apps.core.images.refusals import ImageTooLarge, NotAnImage, UnsafeImage

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 16_000_000
_HEADER_END = 24


def rebuild(data: bytes) -> tuple[bytes, int, int]:
    """Content, width and height of the picture in `data`, without metadata."""
    from PIL import Image  # noqa: PLC0415 - only those who bring figures pay for it

    if len(data) > MAX_BYTES:
        raise ImageTooLarge(f"A PNG image may have {MAX_BYTES // 1024 // 1024} MB.")
    _check_pixels(data)
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if getattr(image, "n_frames", 1) > 1:
                raise UnsafeImage("An animated image cannot be a figure.")
            image.load()
            return _encoded(image), image.width, image.height
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        raise NotAnImage("This PNG image is damaged.") from error


def _check_pixels(data: bytes) -> None:
    """A few kilobytes can unpack to gigabytes: the header is read before anything is decoded."""
    if len(data) < _HEADER_END:
        raise NotAnImage("This PNG image is damaged.")
    width, height = struct.unpack(">II", data[16:_HEADER_END])
    if not 0 < width * height <= MAX_PIXELS:
        raise ImageTooLarge(
            f"{width} by {height} pixels; a figure may have {MAX_PIXELS // 1_000_000} million."
        )


def _encoded(image: "PillowImage") -> bytes:
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    # What the encoder would copy from here: colour profile, resolution, Exif.
    image.info.clear()
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()
