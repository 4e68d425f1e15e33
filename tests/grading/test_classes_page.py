"""The page of equal answers, "all remaining" and the list of acts: who may, what they show and do."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from apps.exams.enums import ProblemKind, StaffRole
from apps.grading.admin import classes as pages
from apps.grading.models import GradingTask, Score, ScoringAct
from apps.grading.rules.equivalence import class_key
from apps.grading.services import queueing
from apps.submissions.models import Answer
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def answers(hand_in, queue):
    def answers(*texts):
        for text in texts:
            hand_in(text, "1")
        queue()

    return answers


@pytest.fixture
def board(client, exam, problems, grader):
    """Signed in as a grader, with the pages of problem 1."""

    class Board:
        page = reverse("admin:grading_classes", args=[exam.pk, problems[0].pk])
        remaining = reverse("admin:grading_remaining", args=[exam.pk, problems[0].pk])
        acts = reverse("admin:grading_acts", args=[exam.pk])

        def open(self, **query):
            return client.get(self.page, query).content.decode()

        def rows(self, **query):
            """The classes as they stand on the page, one after the other."""
            _, *rows = self.open(**query).split('class="card card-quiet class-row"')
            return rows

        def score(self, text, points, **typed):
            form = {"key": class_key(text), "points": points, "comment": "", **typed}
            return client.post(f"{self.page}score/", form)

        def confirm(self):
            """Post what the page of all remaining shows."""
            shown = client.get(self.remaining).content.decode()
            return client.post(self.remaining, {"seen": re.search(r'name="seen" value="([^"]+)"', shown)[1]})

        def undo(self, **typed):
            act = reverse("admin:grading_act_undo", args=[exam.pk, ScoringAct.objects.latest("pk").pk])
            return client.post(act, typed, follow=True).content.decode()

    client.force_login(grader)
    return Board()


def titles(rows):
    return [re.search(r'class="class-text"[^>]*>([^<]*)<|(Blank)', row).expand(r"\1\2") for row in rows]


def test_classes_stand_by_the_key_first_then_near_misses_then_by_size(board, answers):
    answers("7", "8", "8", "24", "42", "４２", "0042", "", "8", "-42")
    rows = board.rows()
    assert titles(rows) == ["42", "-42", "24", "8", "7", "Blank"]
    assert "equals an accepted answer" in rows[0]
    assert "<strong>3</strong> answers" in rows[0]
    assert "sign swapped" in rows[1]
    assert "two characters swapped" in rows[2]


def test_a_class_says_how_many_wait_and_which_points_the_others_have(
    board, answers, score_class, grader, staff, exam, now
):
    answers("42", "42")
    score_class("42")
    answers("42", "42", "42")
    other = staff()
    for who in (other, other):
        task = GradingTask.objects.unfinished().filter(problem__number=1, grader=None).first()
        queueing.claim_task(task_id=task.pk, grader=who, now=now)
    (row,) = board.rows()
    assert "3 waiting" in row  # what others held at that time is free by now
    assert "2 scored 5" in row


def test_what_others_hold_is_counted_apart(board, answers, staff, real_now):
    answers("42", "42")
    task = GradingTask.objects.filter(problem__number=1).first()
    queueing.claim_task(task_id=task.pk, grader=staff(), now=real_now)
    (row,) = board.rows()
    assert "1 waiting" in row
    assert "1 with others" in row


def test_scoring_a_class_says_what_was_done_and_goes_on_to_the_next(board, answers, client, problems):
    answers("42", "42", "43", "")
    response = board.score("42", "7", comment="Right.")
    shown = client.get(response["Location"]).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", "", shown).split())
    assert "Scored 2 answers “ 42 ” with 7 points." in words.replace("“42”", "“ 42 ”")
    assert Score.objects.filter(points=7, comment="Right.").count() == 2
    assert shown.count("autofocus") == 1
    assert re.search(r'id="class-(\w+)"(?:(?!class-row).)*autofocus', shown, re.DOTALL)[1] == class_key("43")


def test_undo_stands_beside_what_was_done(board, answers):
    answers("42", "42")
    board.score("42", "7")
    assert "2 scores were taken back." in board.undo()
    assert "Undo</button>" not in board.open(done=ScoringAct.objects.get().pk)
    assert "This was undone already." in board.undo()


def test_undo_tells_what_was_left(board, answers, lead):
    answers("42", "42")
    board.score("42", "7")
    task = Score.objects.first().task
    factories.ScoreFactory(task=task, version=2, points=1, grader=lead)
    shown = board.undo(to_acts="1")
    assert "1 score was taken back." in shown
    assert "1 answer was scored anew or reopened since, and was left." in shown


@pytest.mark.parametrize(
    ("points", "words"),
    [("8", "at most 7 points"), ("", "0 if the answer earns nothing"), ("x", "a number such as 6")],
)
def test_points_that_cannot_be_are_told_at_the_class_and_kept(board, answers, points, words):
    answers("42", "43")
    response = board.score("43", points, comment="Off by one.")
    (row,) = [row for row in response.content.decode().split("class-row") if "Off by one." in row]
    assert response.status_code == 400
    assert words in row
    assert f'value="{points}"' in row
    assert not Score.objects.exists()


def test_a_class_that_somebody_else_scored_meanwhile_is_told(board, answers):
    answers("42")
    board.score("42", "7")
    response = board.score("42", "3")
    assert response.status_code == 409
    assert "None of these answers waits for you any more." in response.content.decode()


def test_scoring_behind_published_results_is_refused(board, answers, exam):
    answers("42")
    factories.PublicationFactory(exam=exam)
    assert board.score("42", "7").status_code == 403


def test_a_class_opens_to_its_blind_codes_and_what_was_typed(board, answers):
    answers("42", "٤٢", "43")
    row, other = board.rows(open=class_key("42"))
    for task in GradingTask.objects.filter(problem__number=1).exclude(answer__text="43"):
        assert task.answer.submission.blind_code in row
        assert reverse("admin:grading_score", args=[task.pk]) in row
    assert "٤٢" in row
    assert "class-members" not in other


def test_of_a_large_class_the_first_answers_are_shown(board, answers, monkeypatch):
    monkeypatch.setattr("apps.grading.selectors.classes.MEMBERS_SHOWN", 2)
    answers("42", "42", "42")
    assert "the first 2 of 3" in " ".join(board.rows(open=class_key("42"))[0].split())


def test_the_problem_stands_beside_its_classes(board, answers, problems):
    problems[0].kind = ProblemKind.CHOICE
    problems[0].solution_html = "<p>Only one of them is prime.</p>"
    problems[0].save()
    factories.StatementVersionFactory(
        problem=problems[0],
        version=2,
        since_version=2,
        html="<p>Which is prime?</p>",
        choices=[{"label": "B", "text": "31"}],
        choices_html=["<p>thirty-one</p>"],
    )
    answers("B")
    shown = board.open()
    for words in ("Which is prime?", "thirty-one", "Only one of them is prime."):
        assert words in shown
    assert "six times seven" not in shown


def test_of_a_proof_only_the_blank_answers_form_a_class(board, answers, problems, client, staff):
    problems[0].kind = ProblemKind.PROOF
    problems[0].save()
    answers("Trivial.", "By induction.", "")
    assert titles(board.rows(open=class_key("Trivial."))) == ["Blank"]
    assert "2 answers with something written" in board.open()
    assert board.score("Trivial.", "7").status_code == 400
    assert board.score("", "0").status_code == 302
    client.force_login(staff(StaffRole.LEAD_GRADER))
    assert client.get(board.remaining).status_code == 404


def test_many_classes_come_in_pages_and_the_next_one_is_on_the_page_shown(board, answers, monkeypatch):
    monkeypatch.setattr(pages, "CLASSES_PER_PAGE", 2)
    answers("42", "77", "78", "79", "")
    assert titles(board.rows()) == ["42", "77"]
    assert titles(board.rows(page="3")) == ["Blank"]
    assert titles(board.rows(page="x")) == ["42", "77"]
    board.score("42", "7")
    board.score("77", "0")
    assert titles(board.rows()) == ["78", "79"]
    assert titles(board.rows(done="x" * 30, open="nothing")) == ["78", "79"]


def test_all_remaining_shows_what_it_covers_and_scores_it(board, answers, client, lead):
    answers("42", "24", "99", "99", "")
    client.force_login(lead)
    shown = client.get(board.remaining).content.decode()
    assert re.findall(r'<code class="class-text"[^>]*>([^<]*)<', shown) == ["24", "99"]
    assert "3 answers in 2 classes would get 0 points." in " ".join(shown.split())
    assert "1 of these classes looks almost right." in shown
    after = client.get(board.confirm()["Location"]).content.decode()
    assert "3 remaining answers" in " ".join(after.split())
    assert Score.objects.filter(points=0, grader=lead).count() == 3
    assert "Nothing remains" in client.get(board.remaining).content.decode()


def test_all_remaining_tells_what_it_left(board, answers, client, lead):
    answers("1", "2", "3")
    client.force_login(lead)
    shown = client.get(board.remaining).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', shown)[1]
    answers("4")
    Answer.objects.filter(text__in=["2", "3"]).update(text="5", revision=2)
    after = client.post(board.remaining, {"seen": seen}, follow=True).content.decode()
    assert "2 answers were left: they changed, or somebody took them, while you read." in after
    assert "3 answers came in while you read, and wait." not in after
    assert "1 answer came in while you read, and waits." in after


@pytest.mark.parametrize("seen", ["", "x", "1", "1.", "1.2.3", "9" * 19 + ".1", "1.1\n1.1"])
def test_all_remaining_without_what_was_shown_is_refused(board, client, lead, answers, seen):
    answers("1")
    client.force_login(lead)
    assert client.post(board.remaining, {"seen": seen}).status_code == 400
    assert not Score.objects.exists()


def test_all_remaining_is_told_when_everything_moved_on(board, answers, client, lead, score_class):
    answers("1")
    client.force_login(lead)
    seen = client.get(board.remaining).context["form"].initial["seen"]
    score_class("1")
    response = client.post(board.remaining, {"seen": seen})
    assert response.status_code == 409
    assert "Nothing was scored." in response.content.decode()


def test_all_remaining_is_for_leads(board, answers, client):
    answers("1")
    assert client.get(board.remaining).status_code == 403
    assert client.post(board.remaining, {"seen": "1.1"}).status_code == 403
    assert "remaining: 0" not in board.open()


def test_the_acts_of_an_exam_are_listed_with_who_when_and_what(board, answers, client, score_class, now):
    answers("42", "")
    score_class("42", comment="Well done.")
    score_class("", points=Decimal(0))
    board.undo(to_acts="1")
    shown = " ".join(re.sub(r"<[^>]+>", " ", client.get(board.acts).content.decode()).split())
    assert "1 answer “ 42 ” with 5 points" in shown
    assert "To the contestants: Well done." in shown
    assert "grader, 14 March 2026, 16:00" in shown  # the exam's own clock
    assert "Undone by grader" in shown
    assert "1 of 1 taken back" in shown


def test_only_the_signer_and_leads_find_undo(board, answers, client, staff, lead, score_class):
    answers("42")
    act = score_class("42")
    for who, offered in ((staff(), False), (lead, True)):
        client.force_login(who)
        assert ("Undo\n" in client.get(board.acts).content.decode()) is offered
        assert ('data-testid="undo"' in board.open(done=act.pk)) is offered
    client.force_login(staff())
    assert "Somebody else gave this score." in board.undo()
    act.refresh_from_db()
    assert act.undone_at is None


def addresses(exam, problem, act):
    return [
        ("get", reverse("admin:grading_classes", args=[exam, problem])),
        ("post", reverse("admin:grading_class_score", args=[exam, problem])),
        ("get", reverse("admin:grading_remaining", args=[exam, problem])),
        ("post", reverse("admin:grading_remaining", args=[exam, problem])),
        ("get", reverse("admin:grading_acts", args=[exam])),
        ("post", reverse("admin:grading_act_undo", args=[exam, act])),
    ]


@pytest.mark.parametrize(
    ("role", "elsewhere", "status"),
    [
        (StaffRole.GRADER, True, 404),
        (StaffRole.LEAD_GRADER, True, 404),
        (StaffRole.ORGANISER, False, 403),
        (StaffRole.PROCTOR, False, 403),
        (StaffRole.OBSERVER, False, 403),
    ],
)
def test_the_pages_are_for_the_exams_graders_only(
    client, staff, exam, problems, answers, score_class, role, elsewhere, status
):
    answers("42")
    act = score_class("42")
    client.force_login(staff(role, in_exam=factories.ExamFactory() if elsewhere else None))
    for method, page in addresses(exam.pk, problems[0].pk, act.pk):
        assert getattr(client, method)(page).status_code == status, page
    act.refresh_from_db()
    assert act.undone_at is None


def test_another_exams_problems_and_acts_are_404(client, exam, lead):
    foreign = factories.ProblemFactory()
    act = factories.ScoringActFactory(problem=foreign, grader=lead)
    client.force_login(lead)
    for method, page in addresses(exam.pk, foreign.pk, act.pk):
        expected = 200 if page.endswith("/acts/") else 404
        assert getattr(client, method)(page).status_code == expected, page


def test_what_changes_something_is_post_only(client, grader, exam, problems):
    client.force_login(grader)
    for method, page in addresses(exam.pk, problems[0].pk, 1):
        if method == "post" and not page.endswith("/remaining/"):
            assert client.get(page).status_code == 405


def test_contestants_appear_by_blind_code_only(board, client, hand_in, queue, lead):
    hand_in("43", "", contestant__name="CANARY", contestant__external_id="CANARY", contestant__number=987654)
    queue()
    client.force_login(lead)
    shown = [board.open(open=class_key("43")), client.get(board.remaining).content.decode()]
    board.confirm()
    for page in [*shown, client.get(board.acts).content.decode()]:
        assert "CANARY" not in page
        assert "987654" not in page


def test_the_desk_leads_to_the_classes_and_scores_the_blank_ones_at_once(board, answers, desk, client):
    answers("", "")
    shown = client.get(desk.page).content.decode()
    assert board.page in shown
    assert "Score 2 blank answers 0" in shown
    assert board.score("", "0")["Location"].startswith(board.page)
    assert Score.objects.filter(points=0).count() == 2


def test_papers_that_closed_meanwhile_are_queued_from_the_page(board, client, exam, problems, hand_in):
    hand_in("42", "1")
    assert "1 answer of closed papers is not in the queue yet" in board.open()
    response = client.post(reverse("admin:grading_queue", args=[exam.pk]), {"problem": problems[0].pk})
    assert response["Location"] == board.page
    assert "1 waiting" in board.rows()[0]


@pytest.mark.parametrize("problem", ["", "0", "x", "9" * 30])
def test_queueing_from_anywhere_else_leads_to_the_desk(board, client, exam, desk, problem):
    response = client.post(reverse("admin:grading_queue", args=[exam.pk]), {"problem": problem})
    assert response["Location"] == desk.page


def test_an_answer_that_changed_after_scoring_does_not_pass_for_scored(
    board, answers, client, exam, problems
):
    answers("42", "43")
    board.score("43", "0")
    Answer.objects.filter(text="43").update(text="42", revision=2)
    (row,) = board.rows()
    assert "1 changed after scoring" in row
    assert "scored 0" not in row
    assert "1 answer changed after it was scored." in board.open()
    client.post(reverse("admin:grading_queue", args=[exam.pk]), {"problem": problems[0].pk})
    assert "2 waiting" in board.rows()[0]


@pytest.mark.parametrize("size", [1, 3])
def test_classes_query_count_does_not_grow(
    board, client, answers, score_class, lead, size, django_assert_num_queries
):
    answers(*[str(number) for number in range(100, 100 + size) for _ in range(2)], "42")
    score_class("42")
    client.force_login(lead)
    with django_assert_num_queries(11):
        board.open()
    with django_assert_num_queries(14):
        board.open(open=class_key("100"), done=ScoringAct.objects.get().pk)
    with django_assert_num_queries(8):
        client.get(board.remaining)


@pytest.mark.parametrize("size", [1, 3])
def test_acts_query_count_does_not_grow(board, client, answers, score_class, size, django_assert_num_queries):
    texts = [str(number) for number in range(100, 100 + size)]
    answers(*texts)
    for text in texts:
        score_class(text)
    with django_assert_num_queries(7):
        client.get(board.acts)


def test_the_history_of_an_answer_tells_that_it_was_one_of_many(board, answers, client, lead):
    answers("42", "42")
    board.score("42", "7")
    client.force_login(lead)
    shown = client.get(reverse("admin:grading_history", args=[Score.objects.first().task_id]))
    assert "one of 2 scored together" in shown.content.decode()
    shown = client.get(reverse("admin:grading_score", args=[Score.objects.first().task_id]))
    assert "one of 2 scored together" in shown.content.decode()
