"""Contestants, their registrations and schools, for organisers."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import ngettext

from apps.access.admin import roster
from apps.access.admin.pages import PeopleAdmin, ask, is_confirmed, keys_download
from apps.access.forms import ContestantForm, RegistrationForm, ReplaceForm
from apps.access.models import AccessKey, Contestant, Registration, School
from apps.access.services import people
from apps.access.services.issuing import issue_keys_for
from apps.core.errors import RuleViolation
from apps.exams.gate import recently_confirmed, staff_of
from apps.exams.rules import roles


class DivisionFilter(admin.AllValuesFieldListFilter):
    """Contestants without a division are a choice as well, which needs a name to be pressed."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        return ({**choice, "display": choice["display"] or "none"} for choice in super().choices(changelist))


class KeyFilter(admin.SimpleListFilter):
    """Whose contestant has no valid key, for issuing the keys that are missing."""

    title = "key"
    parameter_name = "key"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "none"), ("valid", "valid")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        has_key = Exists(AccessKey.objects.valid().filter(contestant=OuterRef("contestant")))
        match self.value():
            case "none":
                return queryset.exclude(has_key)
            case "valid":
                return queryset.filter(has_key)
        return queryset


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
        """Of the exams whose people one manages: a contestant may sit another exam of the contest."""
        managed = Registration.objects.visible_to(request.user, roles.MANAGE_PEOPLE)
        return managed.select_related("exam", "time_block")


@admin.register(Contestant)
class ContestantAdmin(PeopleAdmin[Contestant]):
    form = ContestantForm
    change_permission = roles.MANAGE_PEOPLE
    list_display = ("page_link", "name", "external_id", "school", "division", "room", "key")
    list_display_links = None
    list_filter = (("contest", admin.RelatedOnlyFieldListFilter), ("division", DivisionFilter))
    list_select_related = ("school",)
    search_fields = ("=number", "name", "external_id", "school__name", "room", "=keys__hint")
    search_help_text = "Number, name, id, school, room, or the first four symbols of a slip."
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

    def has_change_permission(self, request: HttpRequest, obj: Contestant | None = None) -> bool:
        """Who was erased can be looked at, and is not filled in again."""
        return super().has_change_permission(request, obj) and not (obj and people.is_erased(obj.pk))

    @admin.display(description="number", ordering="number")
    def page_link(self, contestant: Contestant) -> str:
        page = reverse(settings.CONTESTANT_PAGE_URL, args=[contestant.pk])
        return format_html('<a href="{}">{}</a>', page, contestant.public_number)

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
            actor=staff_of(request),
        )

    def get_urls(self) -> list[URLPattern]:
        upload = path("roster/", self.admin_site.admin_view(roster.upload), name="access_contestant_roster")
        confirm = path(
            "roster/confirm/",
            self.admin_site.admin_view(roster.confirm),
            name="access_contestant_roster_confirm",
        )
        return [upload, confirm, *super().get_urls()]


@admin.register(Registration)
class RegistrationAdmin(PeopleAdmin[Registration]):
    form = RegistrationForm
    change_permission = roles.MANAGE_PEOPLE
    list_display = ("contestant", "name", "exam", "time_block", "extra_minutes", "time_factor", "tester")
    list_filter = (
        ("exam", admin.RelatedOnlyFieldListFilter),
        ("time_block", admin.RelatedOnlyFieldListFilter),
        KeyFilter,
        "tester",
    )
    list_select_related = ("contestant", "exam", "time_block")
    search_fields = ("=contestant__number", "contestant__name", "contestant__external_id")
    readonly_fields = ("contestant", "exam")
    actions = ("issue_keys",)

    def has_change_permission(self, request: HttpRequest, obj: Registration | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (
            obj and people.is_erased(obj.contestant_id)
        )

    @admin.display(description="name", ordering="contestant__name")
    def name(self, registration: Registration) -> str:
        return registration.contestant.name or "–"

    def save_model(self, request: HttpRequest, obj: Registration, form: Any, change: bool) -> None:  # noqa: FBT001
        people.change_registration(
            registration_id=obj.pk,
            changes={name: form.cleaned_data[name] for name in form.changed_data},
            actor=staff_of(request),
        )

    @admin.action(description="Issue keys…", permissions=["change"])
    @recently_confirmed("issue keys")
    def issue_keys(self, request: HttpRequest, chosen: QuerySet[Registration]) -> HttpResponse | None:
        """Ask whether to replace keys; then answer with the new ones as a file, once."""
        exams = {registration.exam_id for registration in chosen}
        if len(exams) != 1:
            messages.error(request, "Choose registrations of one exam at a time.")
            return None
        registrations = list(chosen)
        form = ReplaceForm(request.POST if is_confirmed(request, "issue", registrations) else None)
        if form.is_valid():
            wanted = form.cleaned_data
            try:
                issued = issue_keys_for(
                    exam_id=exams.pop(),
                    registration_ids=[registration.pk for registration in registrations],
                    replace=wanted["replace"],
                    actor=staff_of(request),
                    now=timezone.now(),
                    request=wanted["request"],
                )
            except RuleViolation as refusal:
                messages.error(request, str(refusal))
                return None
            return keys_download(issued, wanted["file_type"])
        count = len(registrations)
        meant = ngettext("For %d registration.", "For %d registrations.", count) % count
        return ask(
            self,
            request,
            form,
            title="Issue keys",
            intro=f"{meant} You get a file, once: the keys stand nowhere else.",
            submit="Issue keys",
            action="issue_keys",
            selected=registrations,
        )


@admin.register(School)
class SchoolAdmin(PeopleAdmin[School]):
    list_display = ("name", "code", "contest")
    list_filter = (("contest", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("contest",)
    search_fields = ("name", "code")
