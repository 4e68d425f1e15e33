"""What contestants and the public see of results: nothing before publication, and only what was frozen."""

import pytest
from django.http import HttpResponse
from django.utils import timezone

from apps.access import gate
from apps.exams.enums import ProblemKind, ResultsPolicy
from apps.grading.models import GradingTask
from apps.grading.services.publishing import withdraw_results
from tests import factories

pytestmark = pytest.mark.django_db

RESULT = "/exam/result/"
LIST = "/exam/result/list/"


@pytest.fixture
def as_contestant(client):
    """Open a page as the contestant of a registration."""

    def open_page(registration, page=RESULT):
        key = factories.AccessKeyFactory(contestant=registration.contestant)
        response = HttpResponse()
        gate.sign_in(
            response, key_id=key.pk, epoch=key.epoch, registration_id=registration.pk, now=timezone.now()
        )
        for name, morsel in response.cookies.items():
            client.cookies[name] = morsel.value
        return client.get(page)

    return open_page


def text_of(response):
    return " ".join(response.content.decode().split())


def rescore(number, points=2, **words):
    task = GradingTask.objects.get(answer__number=number)
    factories.ScoreFactory(task=task, version=2, points=points, answer_revision=task.answer.revision, **words)


def test_before_publication_the_page_asks_for_patience(grade, as_contestant):
    registration = grade(7, 3)
    rescore(1, points="6.25", comment="CANARY")
    response = as_contestant(registration)
    assert response.status_code == 200
    assert "No results yet" in text_of(response)
    assert "CANARY" not in text_of(response)
    assert "6.25" not in text_of(response)


def test_after_a_withdrawal_the_next_request_shows_nothing(
    grade, publish, as_contestant, exam, organiser, now
):
    registration = grade(7, 3)
    publish()
    assert "1st of 1" in text_of(as_contestant(registration)).replace("<strong>", "").replace("</strong>", "")
    withdraw_results(exam_id=exam.pk, actor=organiser, reason="An error.", now=now)
    factories.AccessKeyFactory._meta.model.objects.update(revoked_at=now, revoked_reason="Replaced.")
    assert "No results yet" in text_of(as_contestant(registration))


def test_the_page_tells_place_total_and_every_problem(grade, publish, as_contestant, problems):
    registration = grade("6.5", None)
    grade("6.5", 0)
    grade(7, 7)
    publish()
    text = text_of(as_contestant(registration)).replace("<strong>", "").replace("</strong>", "")
    assert "2nd, shared by 2, of 3. Total 6.5 of 14." in text
    assert "6.5 of 7" in text
    assert 'data-outcome="partial"' in text
    assert 'data-outcome="blank"' in text


@pytest.mark.parametrize(("points", "outcome"), [(0, "wrong"), (3, "partial"), (7, "full")])
def test_the_page_tells_wrong_from_blank(grade, publish, as_contestant, points, outcome):
    registration = grade(points, None)
    publish()
    text = text_of(as_contestant(registration))
    assert f'data-outcome="{outcome}"' in text
    assert text.count('data-outcome="blank"') == 1


def test_the_page_shows_the_comment_and_never_the_note_for_graders(grade, publish, as_contestant):
    registration = grade(7, 3)
    rescore(1, comment="Look at $x^2$ again.", note="CANARY")
    publish()
    text = text_of(as_contestant(registration))
    assert 'class="katex"' in text
    assert "CANARY" not in text


def test_the_page_shows_what_people_wrote_as_text(grade, publish, as_contestant, problems):
    problems[0].kind = ProblemKind.PROOF
    problems[0].accepted = ["<b>42</b>"]
    problems[0].save()
    registration = grade(7, 3, contestant__name="<i>Ana</i>")
    GradingTask.objects.get(answer__number=1)
    rescore(1, comment="<script>alert(1)</script>")
    publish()
    text = text_of(as_contestant(registration))
    for raw in ("<script>alert", "<b>42", "<i>Ana"):
        assert raw not in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_page_says_why_a_problem_is_not_counted(grade, publish, as_contestant, problems):
    registration = grade(7, 3)
    problems[0].not_counted, problems[0].not_counted_reason = True, "Two answers are right."
    problems[0].save()
    publish()
    text = text_of(as_contestant(registration))
    assert "not counted" in text
    assert "This problem does not count for anybody: Two answers are right." in text
    assert "Total <strong>3</strong> of 7." in text


def test_the_absent_see_no_points_and_no_place(grade, publish, as_contestant, exam, block):
    grade(7, 3)
    absent = factories.RegistrationFactory(exam=exam, time_block=block)
    publish()
    text = text_of(as_contestant(absent))
    assert "You did not start this paper" in text
    assert "Total" not in text


def test_a_tester_has_no_result(grade, hand_in, publish, as_contestant):
    tester = hand_in("42", "1", tester=True).registration
    grade(7, 3)
    publish()
    assert "There is no result for practice." in text_of(as_contestant(tester))


def test_a_contestant_sees_the_own_result_only(grade, publish, as_contestant):
    registration = grade(7, 3, contestant__name="Ana Kovač")
    grade(5, 3, contestant__name="Boris Other")
    publish()
    text = text_of(as_contestant(registration))
    assert "Ana Kovač" in text
    assert "Other" not in text


@pytest.mark.parametrize("page", [RESULT, LIST])
def test_pages_are_for_contestants(client, page):
    response = client.get(page)
    assert response.status_code == 302
    assert response["Location"].startswith("/?")


@pytest.mark.parametrize("contestants", [1, 3])
def test_page_query_count_does_not_grow(
    grade, publish, as_contestant, client, contestants, django_assert_num_queries
):
    registrations = [grade(1, 1) for _ in range(contestants)]
    publish()
    as_contestant(registrations[0])
    with django_assert_num_queries(4):
        client.get(RESULT)


@pytest.mark.parametrize(
    ("policy", "own_status", "public_status"),
    [(ResultsPolicy.OWN, 404, 404), (ResultsPolicy.LIST, 200, 404), (ResultsPolicy.PUBLIC, 200, 200)],
)
def test_the_list_is_shown_to_whom_the_exam_says(
    grade, publish, as_contestant, client, exam, policy, own_status, public_status
):
    exam.results = policy
    exam.save()
    registration = grade(7, 3)
    publish()
    assert as_contestant(registration, LIST).status_code == own_status
    client.cookies.clear()
    assert client.get(f"/results/{exam.slug}/").status_code == public_status


def test_the_public_list_is_404_before_publication(grade, client, exam):
    exam.results = ResultsPolicy.PUBLIC
    exam.save()
    grade(7, 3)
    assert client.get(f"/results/{exam.slug}/").status_code == 404
    assert client.get("/results/no-such-exam/").status_code == 404


def test_the_list_names_only_who_may_be_named(grade, publish, client, exam, hand_in, block):
    exam.results = ResultsPolicy.PUBLIC
    exam.save()
    school, hidden = factories.SchoolFactory(name="Lycée"), factories.SchoolFactory(name="HIDDEN")
    grade(7, 3, contestant__name="Ana Kovač", contestant__may_publish_name=True, contestant__school=school)
    grade(5, 3, contestant__name="HIDDEN", contestant__school=hidden, contestant__number=417)
    factories.RegistrationFactory(exam=exam, time_block=block, contestant__number=999)
    publish()
    text = text_of(client.get(f"/results/{exam.slug}/"))
    assert "Ana Kovač" in text
    assert "Lycée" in text
    assert "0417" in text
    assert "HIDDEN" not in text
    assert "0999" not in text  # absent: in nobody's list


@pytest.mark.parametrize("contestants", [1, 3])
def test_list_query_count_does_not_grow(grade, publish, client, exam, contestants, django_assert_num_queries):
    exam.results = ResultsPolicy.PUBLIC
    exam.save()
    for _ in range(contestants):
        grade(1, 1)
    publish()
    with django_assert_num_queries(3):
        client.get(f"/results/{exam.slug}/")
