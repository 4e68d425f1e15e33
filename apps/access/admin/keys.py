"""Keys, for organisers. A key itself is seen once, in the file of its issuing."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import ngettext

from apps.access.admin.pages import REISSUING, PeopleAdmin, ask, is_confirmed, keys_download
from apps.access.forms import IssueKeysForm, ReasonForm, ReissueForm
from apps.access.models import AccessKey, Registration
from apps.access.services import revoking
from apps.access.services.issuing import issue_anonymous_keys
from apps.access.services.reissuing import reissue_keys
from apps.access.services.revoking import ByIds
from apps.core.errors import RuleViolation
from apps.core.guards import guarded_by
from apps.exams.gate import recently_confirmed, staff_of
from apps.exams.rules import roles


class KeyNotManaged(RuleViolation):
    message = "One of these keys opens no exam whose people you manage."
    code = "key_not_managed"


class KeysOfSeveralExams(RuleViolation):
    message = "Choose keys of one exam at a time."
    code = "keys_of_several_exams"


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
    actions = ("reissue", "revoke", "end_sessions")

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
        return self.issue(request)

    @recently_confirmed("issue keys")
    def issue(self, request: HttpRequest) -> HttpResponse:
        form = IssueKeysForm(request.POST or None, user=request.user)
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            try:
                issued = issue_anonymous_keys(
                    exam_id=wanted["exam"].pk,
                    count=wanted["count"],
                    time_block=wanted["time_block"],
                    tester=wanted["tester"],
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
            title="Issue keys",
            intro="You get a file, once: it is the only place where the keys stand. "
            "Keys for a roster are issued from the list of registrations.",
            submit="Issue keys",
        )

    @admin.action(description="Reissue…", permissions=["view"])
    @recently_confirmed("reissue keys")
    def reissue(self, request: HttpRequest, chosen: QuerySet[AccessKey]) -> HttpResponse | None:
        """Ask for a reason; then answer with new keys for the same contestants, as a file, once."""
        keys = list(chosen)
        form = ReissueForm(request.POST if is_confirmed(request, "reason", keys) else None)
        if form.is_valid():
            wanted = form.cleaned_data
            try:
                issued = reissue_keys(
                    exam_id=common_exam(request, keys),
                    chosen=ByIds([key.pk for key in keys]),
                    reason=wanted["reason"],
                    actor=staff_of(request),
                    now=timezone.now(),
                    request=wanted["request"],
                )
            except RuleViolation as refusal:
                messages.error(request, str(refusal))
                return None
            return keys_download(issued, wanted["file_type"])
        return ask(
            self,
            request,
            form,
            title="Reissue keys",
            intro=f"{counted(keys)}. {REISSUING}",
            submit="Reissue keys",
            action="reissue",
            selected=keys,
        )

    @admin.action(description="Revoke…", permissions=["view"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[AccessKey]) -> HttpResponse | None:
        """Ask for a reason; then the keys open nothing any more. The work stays."""

        def revoke(exam_id: int, key_ids: list[int], reason: str) -> int:
            return revoking.revoke_keys(
                exam_id=exam_id,
                chosen=ByIds(key_ids),
                reason=reason,
                actor=staff_of(request),
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
                actor=staff_of(request),
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
        keys = list(chosen)
        form = ReasonForm(request.POST if is_confirmed(request, "reason", keys) else None)
        if form.is_valid():
            try:
                with transaction.atomic():
                    count = sum(
                        end(exam_id, key_ids, form.cleaned_data["reason"])
                        for exam_id, key_ids in by_exam(request, keys).items()
                    )
            except RuleViolation as refusal:
                messages.error(request, str(refusal))
            else:
                done = ngettext("done for %d key.", "done for %d keys.", count) % count
                messages.success(request, f"{title}: {done}")
            return None
        return ask(
            self,
            request,
            form,
            title=title,
            intro=f"{counted(keys)}. What their contestants wrote stays.",
            submit=title,
            action=action,
            selected=keys,
        )


def counted(keys: Sequence[AccessKey]) -> str:
    """How many keys are meant and what it means for whom: "3 keys, 2 of them redeemed"."""
    redeemed = sum(key.redeemed_at is not None and key.revoked_at is None for key in keys)
    words = ngettext("%d key", "%d keys", len(keys)) % len(keys)
    return f"{words}, {redeemed} of them in use" if redeemed else words


def managed_exams(request: HttpRequest, keys: Sequence[AccessKey]) -> dict[int, list[int]]:
    """The exams that each contestant sits and whose people the user manages; refuses if one has none."""
    contestants = {key.contestant_id for key in keys}
    registrations = Registration.objects.visible_to(request.user, roles.MANAGE_PEOPLE)
    exams: dict[int, list[int]] = defaultdict(list)
    for contestant, exam in (
        registrations.filter(contestant__in=contestants).order_by("exam").values_list("contestant", "exam")
    ):
        exams[contestant].append(exam)
    if contestants - exams.keys():
        raise KeyNotManaged
    return exams


def by_exam(request: HttpRequest, keys: Sequence[AccessKey]) -> dict[int, list[int]]:
    """Each key under one exam that it opens."""
    exams = managed_exams(request, keys)
    grouped: dict[int, list[int]] = defaultdict(list)
    for key in keys:
        grouped[exams[key.contestant_id][0]].append(key.pk)
    return grouped


def common_exam(request: HttpRequest, keys: Sequence[AccessKey]) -> int:
    """An exam that all of the keys open: one file of new keys is for one exam."""
    common = set.intersection(*(set(exams) for exams in managed_exams(request, keys).values()))
    if not common:
        raise KeysOfSeveralExams
    return min(common)
