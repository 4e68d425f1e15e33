"""Why an image is not taken."""

from apps.core.errors import RuleViolation


class ImageRefused(RuleViolation):
    message = "This image cannot be used."
    code = "image_refused"


class NotAnImage(ImageRefused):
    message = "This file is neither a PNG nor an SVG image."
    code = "not_an_image"


class ImageTooLarge(ImageRefused):
    message = "This image is too large."
    code = "image_too_large"


class UnsafeImage(ImageRefused):
    """It holds something that acts, loads or hides more than it draws."""

    code = "unsafe_image"
