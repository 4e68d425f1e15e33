"""How staff sign in: the form, in plain words."""

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm


class SignInForm(AdminAuthenticationForm):
    """Says what may be wrong, and what happens if one goes on guessing; not which of the two it was."""

    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": (
            "This name and password do not belong together. Capital letters matter in both. "
            f"After {settings.AXES_FAILURE_LIMIT} wrong tries the name is locked for a while."
        ),
    }
