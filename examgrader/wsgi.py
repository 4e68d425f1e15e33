"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import reverse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examgrader.settings")
django_application = get_wsgi_application()
from examgrader.staticfiles import FilesFirst  # noqa: E402 - it reads the settings

application = FilesFirst(django_application)
# Any route loads the pages behind all of them, half a second of work: before the first request of a new
# process, not within it, where whoever comes meanwhile would be refused as too late.
reverse("healthz")
