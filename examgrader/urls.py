"""All routes. The contestant's pages, the console, and what operators probe."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from apps.core.guards import public
from examgrader import health, metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin/", public(RedirectView.as_view(pattern_name="admin:index", query_string=True))),
    path("console/", admin.site.urls),
    path("api/v1/", include("examgrader.api_urls")),
    path("", include("apps.access.urls")),
    path("", include("apps.submissions.urls")),
    path("", include("apps.grading.urls")),
]

handler404 = "examgrader.api.nothing_here"
