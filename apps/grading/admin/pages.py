"""The frame of the console's own pages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def console_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of the console's own."""
    page = {**admin.site.each_context(request), **context}
    return render(request, template, page, status=status)
