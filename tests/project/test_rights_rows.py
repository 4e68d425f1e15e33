"""Rows in the console that no address names: in actions, filters, choices and searches."""

import pytest
from django.contrib.admin.sites import site
from django.contrib.auth import get_user_model
from django.urls import reverse

from apps.exams.enums import StaffRole
from apps.exams.gate import ExamRoleBackend
from apps.exams.models import Exam, Problem
from apps.exams.rules import roles
from tests import factories
from tests.project.rights import MISSING, NAME, OF_OTHER, OF_OWN, make_objects
from tests.support.confirming import confirm

pytestmark = pytest.mark.django_db

# What each role may do to many rows at once; Django's "delete selected" is nowhere among it.
ACTIONS = {
    "access_accesskey": {"reissue": {"organiser"}, "revoke": {"organiser"}, "end_sessions": {"organiser"}},
    "access_registration": {"issue_keys": {"organiser"}},
    "submissions_submission": {"move_deadline": {"organiser", "proctor"}},
}
# The console's lists by the kind of row, as `make_objects` calls it.
LISTS = {
    "access_accesskey": "accesskey",
    "access_contestant": "contestant",
    "access_keybatch": "keybatch",
    "access_registration": "registration",
    "access_school": "school",
    "exams_exam": "exam",
    "exams_figure": "figure",
    "exams_problem": "problem",
    "grading_gradingtask": "task",
    "grading_publication": "publication",
    "submissions_submission": "submission",
}


@pytest.fixture
def exams():
    own, _ = make_objects(OF_OWN)
    other, _ = make_objects(OF_OTHER)
    return own, other


@pytest.fixture
def sign_in(client, exams):
    def sign_in(role):
        user = factories.UserFactory()
        factories.ExamStaffFactory(user=user, exam_id=exams[0]["exam"], role=role)
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        confirm(client)
        return user

    return sign_in


def our_pages():
    return {
        f"{model._meta.app_label}_{model._meta.model_name}": page
        for model, page in site._registry.items()
        if model.__module__.startswith("apps.")
    }


def test_every_list_of_ours_is_known_here():
    assert set(our_pages()) == set(LISTS)


@pytest.mark.parametrize("role", StaffRole.values)
def test_actions_are_offered_to_the_roles_that_may(rf, exams, role):
    user = factories.UserFactory()
    factories.ExamStaffFactory(user=user, exam_id=exams[0]["exam"], role=role)
    request = rf.get("/")
    request.user = get_user_model().objects.get(pk=user.pk)
    for name, page in our_pages().items():
        # A list that one may not open offers nothing, whatever its actions are.
        offered = set(page.get_actions(request)) if page.has_view_permission(request) else set()
        assert offered == {action for action, who in ACTIONS.get(name, {}).items() if role in who}, name


@pytest.mark.parametrize(
    ("name", "action", "role"),
    [(name, action, role) for name, of in ACTIONS.items() for action, who in of.items() for role in who],
)
def test_an_action_finds_nothing_of_another_exam(client, exams, sign_in, name, action, role):
    sign_in(role)
    answers = [
        client.post(
            reverse(f"admin:{name}_changelist"),
            {"action": action, "_selected_action": [objects[LISTS[name]]]},
            follow=True,
        )
        for objects in (exams[1], MISSING)
    ]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert told_by(answers[0]) == told_by(answers[1])
    assert OF_OTHER.lower() not in answers[0].content.decode().lower()


def told_by(response):
    return [str(message) for message in response.context["messages"]]


@pytest.mark.parametrize("role", ["organiser", "lead_grader", "proctor"])
def test_no_list_filter_names_another_exam(client, exams, sign_in, role):
    sign_in(role)
    for name in LISTS:
        response = client.get(reverse(f"admin:{name}_changelist"))
        if response.status_code == 200:
            assert OF_OWN.lower() in response.content.decode().lower() or name == "access_keybatch", name
            assert OF_OTHER.lower() not in response.content.decode().lower(), name


@pytest.mark.parametrize("role", StaffRole.values)
def test_no_choice_of_related_rows_names_another_exam(client, exams, sign_in, role):
    """Django answers them for every foreign key between two pages; the field need not use it."""
    sign_in(role)
    asked = 0
    for name, page in our_pages().items():
        for field in page.model._meta.get_fields():
            if not (field.many_to_one and field.concrete):
                continue
            app, model = name.split("_")
            query = {"app_label": app, "model_name": model, "field_name": field.name, "term": ""}
            body = client.get(reverse("admin:autocomplete"), query).content.decode()
            assert OF_OTHER not in body, f"{name}.{field.name}"
            asked += 1
    assert asked > 10


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_not_searched_through_what_it_does_not_show(client, exams, sign_in, name):
    """A lookup in the address, right or wrong, would tell a hidden word letter by letter."""
    for role in StaffRole.values:
        sign_in(role)
        for lookup in HIDDEN:
            answers = [
                client.get(reverse(f"admin:{name}_changelist"), {f"{lookup}__startswith": begin})
                for begin in (OF_OWN, "Nobody")
            ]
            assert [answer.status_code for answer in answers] in ([400] * 2, [403] * 2, [302] * 2), lookup


HIDDEN = ("answer__submission__registration__contestant__name", "exam__contest__exams__title")


def test_a_grader_finds_no_answer_by_a_name(client, exams, sign_in):
    sign_in(StaffRole.GRADER)
    page = reverse("admin:grading_gradingtask_changelist")
    for lookup in (
        "answer__submission__registration__contestant__name__startswith",
        "answer__submission__registration__contestant__number",
        "answer__submission__registration",
    ):
        assert client.get(page, {lookup: OF_OWN}).status_code == 400, lookup
    found = client.get(page, {"q": NAME})
    assert found.status_code == 200
    assert found.context["cl"].result_count == 0


@pytest.mark.parametrize("parameter", ["_to_field", "_popup"])
def test_a_page_opened_by_another_field_is_scoped_too(client, exams, sign_in, parameter):
    """`_to_field` lets Django find a row by something else than its key."""
    sign_in(StaffRole.ORGANISER)
    for name, kind in LISTS.items():
        answers = [
            client.get(reverse(f"admin:{name}_change", args=[objects[kind]]), {parameter: "id"})
            for objects in (exams[1], MISSING)
        ]
        assert [answer.status_code for answer in answers] == [404, 404], name
        assert answers[0].content == answers[1].content
    assert client.get(page_of(exams[0]), {"_to_field": "slug"}).status_code == 400


def page_of(objects):
    return reverse("admin:exams_exam_change", args=[objects["exam"]])


def test_a_problem_is_added_only_to_an_exam_that_one_edits(client, exams, sign_in):
    """Whoever organises one exam and observes another one adds nothing there."""
    user = sign_in(StaffRole.ORGANISER)
    factories.ExamStaffFactory(user=user, exam_id=exams[1]["exam"], role=StaffRole.OBSERVER)
    page = reverse("admin:exams_problem_add")
    typed = {"number": 7, "kind": "integer", "max_points": 1, "statement": "How many?", "accepted": "1"}
    for objects in (exams[1], MISSING):
        response = client.post(page, typed | {"exam": objects["exam"]})
        assert "Select a valid choice" in str(response.context["adminform"].form.errors["exam"])
    assert not Problem.objects.filter(number=7).exists()
    assert f'value="{exams[1]["exam"]}"' not in client.get(page).content.decode()


@pytest.mark.parametrize("page", ["access_accesskey_issue", "access_contestant_roster"])
def test_people_are_managed_only_where_one_organises(client, exams, sign_in, page):
    sign_in(StaffRole.ORGANISER)
    answers = [
        client.post(reverse(f"admin:{page}"), {"exam": objects["exam"], "count": 1})
        for objects in (exams[1], MISSING)
    ]
    for answer in answers:
        assert "Select a valid choice" in str(answer.context["form"].errors["exam"])
        assert OF_OTHER not in answer.content.decode()


def test_a_contestants_page_shows_no_registration_of_an_exam_that_is_not_ones_own(client, exams, sign_in):
    """A contest may have several exams, each with staff of its own."""
    sign_in(StaffRole.ORGANISER)
    own = Exam.objects.get(pk=exams[0]["exam"])
    second = factories.ExamFactory(title=OF_OTHER, contest=own.contest)
    factories.RegistrationFactory(exam=second, contestant_id=exams[0]["contestant"])
    page = client.get(reverse("admin:access_contestant_change", args=[exams[0]["contestant"]]))
    assert page.status_code == 200
    assert OF_OTHER not in page.content.decode()


def test_a_role_is_held_in_an_exam_not_in_a_row_with_its_number(exams):
    """Problems have numbers of their own; one that equals an exam's opens nothing."""
    user = factories.UserFactory()
    exam = Exam.objects.get(pk=exams[0]["exam"])
    factories.ExamStaffFactory(user=user, exam=exam, role=StaffRole.ORGANISER)
    backend = ExamRoleBackend()
    assert backend.has_perm(user, roles.EDIT, exam)
    assert not backend.has_perm(user, roles.EDIT, Problem(pk=exam.pk))


def test_a_confirmation_of_deleting_names_only_ones_own(client, exams, sign_in):
    sign_in(StaffRole.ORGANISER)
    for name in ("exams_exam", "exams_problem", "exams_figure"):
        response = client.get(reverse(f"admin:{name}_delete", args=[exams[0][LISTS[name]]]))
        assert response.status_code == 200
        assert OF_OTHER not in response.content.decode()
