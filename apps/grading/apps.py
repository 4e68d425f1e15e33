"""Django's entry for this app."""

from django.apps import AppConfig


class GradingConfig(AppConfig):
    """See the package's docstring."""

    name = "apps.grading"
    default_auto_field = "django.db.models.BigAutoField"
