"""Django's entry for this app."""

from django.apps import AppConfig


class ExamsConfig(AppConfig):
    """See the package's docstring."""

    name = "apps.exams"
    default_auto_field = "django.db.models.BigAutoField"
