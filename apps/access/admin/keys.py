"""Keys and their batches, for organisers. A key itself is seen once, in the file of its issuing."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from apps.access.admin.pages import PeopleAdmin, ask, keys_download
from apps.access.forms import IssueKeysForm, ReasonForm
from apps.access.models import AccessKey, KeyBatch, Registration
from apps.access.services import revoking
from apps.access.services.issuing import issue_anonymous_keys
from apps.access.services.revoking import ByIds
from apps.core.errors import RuleViolation
from apps.core.guards import guarded_by
from apps.exams.rules import roles


class KeyNotManaged(RuleViolation):
    message = "One of these keys opens no exam whose people you manage."
    code = "key_not_managed"


class KeyStateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    STATES: ClassVar[dict[str, Q]] = {
        "issued": Q(revoked_at=None, redeemed_at=None),
        "redeemed": Q(revoked_at=None, redeemed_at__isnull=False),
        "revoked": Q(revoked_at__isnull=False),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, state) for state in self.STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AccessKey]) -> QuerySet[AccessKey]:
        return queryset.filter(self.STATES.get(self.value() or "", Q()))


@admin.register(AccessKey)
class AccessKeyAdmin(PeopleAdmin[AccessKey]):
    list_display = (
        "slip",
        "contestant",
        "name",
        "state",
        "issued_at",
        "redeemed_at",
        "revoked_reason",
        "batch",
    )
    list_filter = (KeyStateFilter, ("contestant__contest", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("contestant", "batch")
    search_fields = ("=hint", "=contestant__number", "contestant__name")
    search_help_text = "The first four symbols of the slip, a contestant number or a name."
    fields = (
        "slip",
        "contestant",
        "state",
        "batch",
        "issued_at",
        "redeemed_at",
        "revoked_at",
        "revoked_reason",
    )
    actions = ("revoke", "end_sessions")

    @admin.display(description="slip begins with", ordering="hint")
    def slip(self, key: AccessKey) -> str:
        return str(key)

    @admin.display(description="name", ordering="contestant__name")
    def name(self, key: AccessKey) -> str:
        return key.contestant.name or "–"

    @admin.display(description="state")
    def state(self, key: AccessKey) -> str:
        return str(key.state.label)

    def get_urls(self) -> list[URLPattern]:
        issue = path("issue/", self.admin_site.admin_view(self.issue_view), name="access_accesskey_issue")
        return [issue, *super().get_urls()]

    @guarded_by("staff")
    def issue_view(self, request: HttpRequest) -> HttpResponse:
        """Issue keys for contestants known by a number alone; the answer is the file of them."""
        if not request.user.has_perm(roles.MANAGE_PEOPLE):
            raise PermissionDenied
        form = IssueKeysForm(request.POST or None, user=request.user)
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            try:
                issued = issue_anonymous_keys(
                    exam_id=wanted["exam"].pk,
                    count=wanted["count"],
                    time_block=wanted["time_block"],
                    tester=wanted["tester"],
                    actor=request.user,  # type: ignore[arg-type]
                    now=timezone.now(),
                )
            except RuleViolation as refusal:
                form.add_error(None, str(refusal))
            else:
                return keys_download(issued)
        return ask(
            self,
            request,
            form,
            title="Issue keys",
            intro="You get a file, once: it is the only place where the keys stand. "
            "Keys for a roster are issued from the list of registrations.",
            submit="Issue keys",
        )

    @admin.action(description="Revoke…", permissions=["view"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[AccessKey]) -> HttpResponse | None:
        """Ask for a reason; then the keys open nothing any more. The work stays."""

        def revoke(exam_id: int, key_ids: list[int], reason: str) -> int:
            return revoking.revoke_keys(
                exam_id=exam_id,
                chosen=ByIds(key_ids),
                reason=reason,
                actor=request.user,  # type: ignore[arg-type]
                now=timezone.now(),
            )

        return self.ask_and_end(request, chosen, revoke, action="revoke", title="Revoke keys")

    @admin.action(description="End all sessions…", permissions=["view"])
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[AccessKey]) -> HttpResponse | None:
        """Ask for a reason; then every device has to enter the key again."""

        def end(exam_id: int, key_ids: list[int], reason: str) -> int:
            return revoking.end_sessions(
                exam_id=exam_id,
                chosen=ByIds(key_ids),
                reason=reason,
                actor=request.user,  # type: ignore[arg-type]
            )

        return self.ask_and_end(request, chosen, end, action="end_sessions", title="End all sessions")

    def ask_and_end(
        self,
        request: HttpRequest,
        chosen: QuerySet[AccessKey],
        end: Callable[[int, list[int], str], int],
        *,
        action: str,
        title: str,
    ) -> HttpResponse | None:
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            try:
                with transaction.atomic():
                    count = sum(
                        end(exam_id, key_ids, form.cleaned_data["reason"])
                        for exam_id, key_ids in by_exam(request, chosen).items()
                    )
            except RuleViolation as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, f"{title}: done for {count} keys.")
            return None
        return ask(
            self,
            request,
            form,
            title=title,
            intro=f"{len(chosen)} keys. What their contestants wrote stays.",
            submit=title,
            action=action,
            selected=chosen,
        )


def by_exam(request: HttpRequest, chosen: QuerySet[AccessKey]) -> dict[int, list[int]]:
    """Each key under one exam that it opens and whose people the user manages; refuses if one has none."""
    registrations = Registration.objects.visible_to(request.user, roles.MANAGE_PEOPLE)
    managed = dict(
        registrations.filter(contestant__keys__in=chosen.values("pk")).values_list("contestant", "exam")
    )
    keys: dict[int, list[int]] = defaultdict(list)
    for key in chosen:
        if key.contestant_id not in managed:
            raise KeyNotManaged
        keys[managed[key.contestant_id]].append(key.pk)
    return keys


@admin.register(KeyBatch)
class KeyBatchAdmin(PeopleAdmin[KeyBatch]):
    list_display = ("number", "contest", "created_at", "created_by", "key_count", "redeemed", "revoked")
    list_filter = (("contest", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("contest", "created_by")
    fields = ("number", "contest", "created_at", "created_by", "key_count", "redeemed", "revoked")

    def get_queryset(self, request: HttpRequest) -> QuerySet[KeyBatch]:
        batches: Any = super().get_queryset(request)
        return batches.annotate(  # type: ignore[no-any-return]
            redeemed_count=Count("keys", filter=Q(keys__redeemed_at__isnull=False)),
            revoked_count=Count("keys", filter=Q(keys__revoked_at__isnull=False)),
        )

    @admin.display(description="batch", ordering="pk")
    def number(self, batch: KeyBatch) -> int:
        return batch.pk

    @admin.display(description="redeemed")
    def redeemed(self, batch: KeyBatch) -> int:
        return batch.redeemed_count  # type: ignore[attr-defined, no-any-return]  # annotated above

    @admin.display(description="revoked")
    def revoked(self, batch: KeyBatch) -> int:
        return batch.revoked_count  # type: ignore[attr-defined, no-any-return]
