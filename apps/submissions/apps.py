"""Django's entry for this app."""

from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    """See the package's docstring."""

    name = "apps.submissions"
    default_auto_field = "django.db.models.BigAutoField"
