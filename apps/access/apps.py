"""Django's entry for this app."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """See the package's docstring."""

    name = "apps.access"
    default_auto_field = "django.db.models.BigAutoField"
