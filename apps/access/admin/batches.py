"""Batches of keys: what became of those that were issued together, and ending or renewing the rest."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import ngettext

from apps.access.admin.pages import REISSUING, PeopleAdmin, ask, keys_download
from apps.access.forms import OfBatchForm, ReissueBatchForm
from apps.access.models import KeyBatch
from apps.access.services.reissuing import reissue_keys
from apps.access.services.revoking import OfBatch, revoke_keys
from apps.core.errors import RuleViolation
from apps.core.guards import guarded_by
from apps.exams.gate import recently_confirmed, staff_of

VALID = Q(keys__revoked_at=None)
REDEEMED = Q(keys__redeemed_at__isnull=False)


@admin.register(KeyBatch)
class KeyBatchAdmin(PeopleAdmin[KeyBatch]):
    list_display = ("number", "exam", "issued", "issued_by", "key_count", "unused", "in_use", "revoked")
    list_filter = (("exam", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("exam", "created_by")
    fields = (
        "number",
        "exam",
        "issued",
        "issued_by",
        "key_count",
        "unused",
        "in_use",
        "revoked",
        "keys_link",
    )
    change_form_template = "admin/access/keybatch/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[KeyBatch]:
        batches: Any = super().get_queryset(request)
        return batches.annotate(  # type: ignore[no-any-return]
            unused_count=Count("keys", filter=VALID & ~REDEEMED),
            in_use_count=Count("keys", filter=VALID & REDEEMED),
            revoked_count=Count("keys", filter=~VALID),
        )

    @admin.display(description="batch", ordering="pk")
    def number(self, batch: KeyBatch) -> str:
        return f"Batch {batch.pk}"

    @admin.display(description="issued", ordering="created_at")
    def issued(self, batch: KeyBatch) -> str:
        return f"{batch.created_at.astimezone(ZoneInfo(batch.exam.zone)):%d %b %Y, %H:%M}"

    @admin.display(description="issued by", ordering="created_by__username")
    def issued_by(self, batch: KeyBatch) -> str:
        return batch.created_by.get_username() if batch.created_by else "a command"

    @admin.display(description="not used yet", ordering="unused_count")
    def unused(self, batch: KeyBatch) -> int:
        return batch.unused_count  # type: ignore[attr-defined, no-any-return]  # annotated above

    @admin.display(description="redeemed", ordering="in_use_count")
    def in_use(self, batch: KeyBatch) -> int:
        return batch.in_use_count  # type: ignore[attr-defined, no-any-return]

    @admin.display(description="revoked", ordering="revoked_count")
    def revoked(self, batch: KeyBatch) -> int:
        return batch.revoked_count  # type: ignore[attr-defined, no-any-return]

    @admin.display(description="keys")
    def keys_link(self, batch: KeyBatch) -> str:
        keys = reverse("admin:access_accesskey_changelist")
        return format_html('<a href="{}?batch__id__exact={}">The keys of this batch</a>', keys, batch.pk)

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path(
                "<int:batch_id>/revoke/",
                self.admin_site.admin_view(self.revoke_view),
                name="access_keybatch_revoke",
            ),
            path(
                "<int:batch_id>/reissue/",
                self.admin_site.admin_view(self.reissue_view),
                name="access_keybatch_reissue",
            ),
        ]
        return [*pages, *super().get_urls()]

    def batch_for(self, request: HttpRequest, batch_id: int) -> KeyBatch:
        """The batch, if the user manages the people of its exam; another exam's is a 404."""
        return get_object_or_404(self.get_queryset(request), pk=batch_id)

    @guarded_by("staff")
    def revoke_view(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        """Ask for a reason; then the rest of the batch opens nothing any more. The work stays."""
        batch = self.batch_for(request, batch_id)
        form = OfBatchForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            count = revoke_keys(
                exam_id=batch.exam_id,
                chosen=OfBatch(batch.pk, unused=form.cleaned_data["unused"]),
                reason=form.cleaned_data["reason"],
                actor=staff_of(request),
                now=timezone.now(),
            )
            done = ngettext("%d key of batch %d revoked.", "%d keys of batch %d revoked.", count)
            messages.success(request, done % (count, batch.pk))
            return redirect("admin:access_keybatch_change", batch.pk)
        return ask(
            self,
            request,
            form,
            title=f"Revoke the rest of batch {batch.pk}",
            intro=f"{self.told(batch)} What contestants wrote stays.",
            submit="Revoke keys",
            back=reverse("admin:access_keybatch_change", args=[batch.pk]),
        )

    @guarded_by("staff")
    def reissue_view(self, request: HttpRequest, batch_id: int) -> HttpResponse:
        """Ask for a reason; then answer with new keys for the contestants of the batch, as a file, once."""
        return self.reissue(request, self.batch_for(request, batch_id))

    @recently_confirmed("reissue keys")
    def reissue(self, request: HttpRequest, batch: KeyBatch) -> HttpResponse:
        form = ReissueBatchForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            try:
                issued = reissue_keys(
                    exam_id=batch.exam_id,
                    chosen=OfBatch(batch.pk, unused=wanted["unused"]),
                    reason=wanted["reason"],
                    actor=staff_of(request),
                    now=timezone.now(),
                    request=wanted["request"],
                )
            except RuleViolation as refusal:
                form.add_error(None, str(refusal))
            else:
                return keys_download(issued, wanted["file_type"])
        return ask(
            self,
            request,
            form,
            title=f"Reissue batch {batch.pk}",
            intro=f"{self.told(batch)} {REISSUING}",
            submit="Reissue keys",
            back=reverse("admin:access_keybatch_change", args=[batch.pk]),
        )

    def told(self, batch: KeyBatch) -> str:
        """What a press covers, before it is pressed."""
        return (
            f"{batch.exam}: {self.unused(batch)} not used yet, {self.in_use(batch)} redeemed, "
            f"{self.revoked(batch)} revoked already."
        )
