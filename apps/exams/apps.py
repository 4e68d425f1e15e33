"""Django's entry for this app."""

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

USED_TOKENS = "rest_framework_simplejwt.token_blacklist"


class ExamsConfig(AppConfig):
    """See the package's docstring."""

    name = "apps.exams"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Without the list of used tokens a rotated one would go on working, without a word."""
        if not settings.SIMPLE_JWT.get("BLACKLIST_AFTER_ROTATION") or not apps.is_installed(USED_TOKENS):
            raise ImproperlyConfigured(f"Tokens are used once: install {USED_TOKENS} and blacklist them.")
