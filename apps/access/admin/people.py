"""Contestants, their registrations and schools, for organisers."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, FilteredRelation, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone

from apps.access.admin.pages import PeopleAdmin, ask, keys_download, say_refusal
from apps.access.forms import ContestantForm, RegistrationForm, ReplaceForm, RosterForm
from apps.access.models import Contestant, Registration, School
from apps.access.services import people
from apps.access.services.issuing import issue_keys_for
from apps.access.services.roster import RosterRefused, import_roster
from apps.core.errors import RuleViolation
from apps.core.guards import guarded_by
from apps.exams.rules import roles


class RegistrationInline(admin.StackedInline[Registration, Contestant]):
    """What a contestant sits; each registration is changed on its own page."""

    model = Registration
    fields = readonly_fields = ("exam", "time_block", "extra_minutes", "time_factor", "tester")
    show_change_link = True
    can_delete = False
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Contestant | None = None) -> bool:
        return True  # the contestant's page was allowed

    def has_add_permission(self, request: HttpRequest, obj: Contestant | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Contestant | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return super().get_queryset(request).select_related("exam", "time_block")


@admin.register(Contestant)
class ContestantAdmin(PeopleAdmin[Contestant]):
    form = ContestantForm
    change_permission = roles.MANAGE_PEOPLE
    list_display = ("public_number", "name", "external_id", "school", "division", "room", "key")
    list_display_links = ("public_number", "name")
    list_filter = (("contest", admin.RelatedOnlyFieldListFilter), "division")
    list_select_related = ("school",)
    search_fields = ("=number", "name", "external_id", "school__name", "room")
    search_help_text = "Number, name, id, school or room."
    readonly_fields = ("contest", "public_number", "key")
    inlines = (RegistrationInline,)
    fieldsets = (
        (None, {"fields": ("public_number", "contest", "key")}),
        ("Person", {"fields": ("name", "external_id", "school", "team", "division", "grade", "room")}),
        ("Publication", {"fields": ("may_publish_name",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contestant]:
        """With the valid key's times: there is at most one, so no row comes twice."""
        valid = FilteredRelation("keys", condition=Q(keys__revoked_at=None))
        return (
            super()
            .get_queryset(request)
            .annotate(
                valid_key=valid, key_hint=F("valid_key__hint"), key_redeemed_at=F("valid_key__redeemed_at")
            )
        )

    @admin.display(description="number", ordering="number")
    def public_number(self, contestant: Contestant) -> str:
        return contestant.public_number

    @admin.display(description="key")
    def key(self, contestant: Contestant) -> str:
        hint = getattr(contestant, "key_hint", None)
        if hint is None:
            return "none"
        return f"{hint}-… {'redeemed' if getattr(contestant, 'key_redeemed_at', None) else 'issued'}"

    def save_model(self, request: HttpRequest, obj: Contestant, form: Any, change: bool) -> None:  # noqa: FBT001
        people.change_contestant(
            contestant_id=obj.pk,
            changes={name: form.cleaned_data[name] for name in form.changed_data},
            actor=request.user,  # type: ignore[arg-type]  # the console's users are users
        )

    def get_urls(self) -> list[URLPattern]:
        roster = path(
            "roster/", self.admin_site.admin_view(self.roster_view), name="access_contestant_roster"
        )
        return [roster, *super().get_urls()]

    @guarded_by("staff")
    def roster_view(self, request: HttpRequest) -> HttpResponse:
        """Read a roster: first what it would change, then again without the check mark."""
        if not request.user.has_perm(roles.MANAGE_PEOPLE):
            raise PermissionDenied
        form = RosterForm(request.POST or None, request.FILES or None, user=request.user)
        problems: list[str] = []
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data
            try:
                report = import_roster(
                    exam_id=wanted["exam"].pk,
                    table=wanted["file"],
                    time_block=wanted["time_block"],
                    dry_run=wanted["dry_run"],
                    actor=request.user,  # type: ignore[arg-type]
                )
            except RosterRefused as refusal:
                problems = [str(problem) for problem in refusal.problems]
            else:
                checked = "Nothing was written. " if wanted["dry_run"] else ""
                messages.success(request, f"{checked}{report}")
                if not wanted["dry_run"]:
                    return redirect("admin:access_contestant_changelist")
        return ask(
            self,
            request,
            form,
            title="Import a roster",
            intro="By external_id: known contestants are updated, new ones added, nobody is removed.",
            submit="Read the roster",
            problems=problems,
        )


@admin.register(Registration)
class RegistrationAdmin(PeopleAdmin[Registration]):
    form = RegistrationForm
    change_permission = roles.MANAGE_PEOPLE
    list_display = ("contestant", "name", "exam", "time_block", "extra_minutes", "time_factor", "tester")
    list_filter = (
        ("exam", admin.RelatedOnlyFieldListFilter),
        ("time_block", admin.RelatedOnlyFieldListFilter),
        "tester",
    )
    list_select_related = ("contestant", "exam", "time_block")
    search_fields = ("=contestant__number", "contestant__name", "contestant__external_id")
    readonly_fields = ("contestant", "exam")
    actions = ("issue_keys",)

    @admin.display(description="name", ordering="contestant__name")
    def name(self, registration: Registration) -> str:
        return registration.contestant.name or "–"

    def save_model(self, request: HttpRequest, obj: Registration, form: Any, change: bool) -> None:  # noqa: FBT001
        people.change_registration(
            registration_id=obj.pk,
            changes={name: form.cleaned_data[name] for name in form.changed_data},
            actor=request.user,  # type: ignore[arg-type]
        )

    @admin.action(description="Issue keys…", permissions=["change"])
    def issue_keys(self, request: HttpRequest, chosen: QuerySet[Registration]) -> HttpResponse | None:
        """Ask whether to replace keys; then answer with the new ones as a file, once."""
        exams = {registration.exam_id for registration in chosen}
        if len(exams) != 1:
            messages.error(request, "Choose registrations of one exam at a time.")
            return None
        form = ReplaceForm(request.POST if "issue" in request.POST else None)
        if form.is_valid():
            try:
                issued = issue_keys_for(
                    exam_id=exams.pop(),
                    registration_ids=[registration.pk for registration in chosen],
                    replace=form.cleaned_data["replace"],
                    actor=request.user,  # type: ignore[arg-type]
                    now=timezone.now(),
                )
            except RuleViolation as refusal:
                say_refusal(request, refusal)
                return None
            return keys_download(issued)
        return ask(
            self,
            request,
            form,
            title="Issue keys",
            intro=f"For {len(chosen)} registrations. You get a file, once: the keys stand nowhere else.",
            submit="Issue keys",
            action="issue_keys",
            selected=chosen,
        )


@admin.register(School)
class SchoolAdmin(PeopleAdmin[School]):
    list_display = ("name", "code", "contest")
    list_filter = (("contest", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("contest",)
    search_fields = ("name", "code")
