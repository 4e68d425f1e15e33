"""What a grader does with an answer besides scoring it: undo, send to the lead, and answers fetched ahead."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.exams.enums import StaffRole
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Referral, Score
from apps.submissions.models import Answer
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(client):
    def post(name, of, query="", **typed):
        return client.post(reverse(f"admin:grading_{name}", args=[of]) + query, typed)

    return post


@pytest.fixture
def code(held):
    return GradingTask.objects.get(pk=held).answer.submission.blind_code


class TestUndo:
    def test_the_next_page_names_the_last_save_and_offers_to_undo_it(self, desk, client, held, code):
        response = desk.score(held, points="6.5")
        assert response["Location"].endswith(f"?after={held}")
        page = client.get(response["Location"]).content.decode()
        assert "<strong>6.5 points</strong>" in page
        assert code in page
        assert reverse("admin:grading_undo", args=[held]) in page

    def test_undoing_returns_to_the_answer_with_what_was_typed(self, desk, client, post, held):
        desk.score(held, points="6.5", comment="Nearly.")
        response = post("undo", held, based_on=1)
        assert response["Location"] == reverse("admin:grading_score", args=[held])
        page = client.get(response["Location"]).content.decode()
        assert "The score is taken back." in page
        assert 'value="6.5"' in page
        assert "Nearly." in page
        assert desk.score(held, points="1", based_on=2).status_code == 302

    def test_undoing_keeps_the_problem_that_was_chosen(self, desk, post, held, problems):
        desk.score(held)
        query = f"?problem={problems[0].pk}"
        assert post("undo", held, query, based_on=1)["Location"].endswith(query)

    def test_what_was_undone_is_not_offered_again(self, desk, client, post, held):
        page = desk.score(held)["Location"]
        post("undo", held, based_on=1)
        assert "grading_undo" not in client.get(page).content.decode()
        assert 'data-testid="undo"' not in client.get(page).content.decode()

    def test_a_score_of_somebody_else_is_not_offered(self, desk, client, held, task, staff):
        page = desk.score(held)["Location"]
        client.force_login(staff())
        assert 'data-testid="undo"' not in client.get(page).content.decode()

    @pytest.mark.parametrize("based_on", ["", "x", "0", "2"])
    def test_undoing_anything_but_the_newest_version_is_refused(self, desk, post, held, based_on):
        desk.score(held)
        response = post("undo", held, based_on=based_on)
        assert response.status_code == 409
        assert "newer score" in response.content.decode()
        assert Score.objects.count() == 1

    def test_undoing_anothers_score_is_refused_but_not_to_a_lead(self, desk, client, post, held, staff):
        desk.score(held)
        client.force_login(staff())
        assert post("undo", held, based_on=1).status_code == 403
        client.force_login(staff(StaffRole.LEAD_GRADER))
        assert post("undo", held, based_on=1).status_code == 302

    def test_points_that_somebody_else_took_back_are_not_suggested(self, desk, client, post, held, staff):
        desk.score(held, points="6.5")
        other = staff(StaffRole.LEAD_GRADER)
        client.force_login(other)
        post("undo", held, based_on=1)
        GradingTask.objects.filter(pk=held).update(grader=other)
        assert 'value="6.5"' not in desk.open(held).content.decode()

    def test_the_desk_offers_it_too(self, desk, client, held):
        page = desk.score(held, to_desk="1")["Location"]
        assert 'data-testid="undo"' in client.get(page).content.decode()

    @pytest.mark.parametrize("after", ["0", "x", "999999"])
    def test_a_page_is_shown_after_whatever_stands_in_its_address(self, desk, client, held, after):
        page = reverse("admin:grading_score", args=[held])
        assert client.get(f"{page}?after={after}").status_code == 200


class TestSendToTheLead:
    def test_sending_goes_on_to_the_next_answer(self, desk, post, held):
        response = post("refer", held, words="Is line 3 a proof?")
        assert "/score/" in response["Location"]
        assert Referral.objects.get().note == "Is line 3 a proof?"

    @pytest.mark.parametrize(
        ("words", "reason"), [(" ", "what the lead should look at"), ("x" * 1001, "1000")]
    )
    def test_no_note_or_a_novel_is_refused(self, desk, post, held, words, reason):
        response = post("refer", held, words=words)
        assert response.status_code == 400
        assert reason in response.content.decode()
        assert GradingTask.objects.get(pk=held).status == TaskStatus.CLAIMED

    def test_what_one_does_not_hold_is_not_sent(self, desk, post, task):
        assert post("refer", task, words="Look.").status_code == 403

    def test_the_lead_finds_scores_and_sends_back(self, desk, client, post, held, exam, staff, code):
        post("refer", held, words="Is line 3 a proof?")
        assert "1 with the lead" in client.get(desk.page).content.decode()
        assert "This answer is with the lead." in desk.open(held).content.decode()
        client.force_login(staff(StaffRole.LEAD_GRADER, username="lead"))
        assert "Sent to the lead: 1" in client.get(desk.page).content.decode()
        page = client.get(reverse("admin:grading_referrals", args=[exam.pk])).content.decode()
        assert code in page
        assert "Is line 3 a proof?" in page
        assert "Is line 3 a proof?" in desk.open(held).content.decode()
        response = post("send_back", held, words="It is.")
        assert response["Location"] == reverse("admin:grading_referrals", args=[exam.pk])
        assert post("send_back", held, words="Again.").status_code == 409
        page = desk.open(held).content.decode()
        for line in ("sent it to the lead", "sent it back", "“It is.”"):
            assert line in page

    @pytest.mark.parametrize(("words", "reason"), [(" ", "what the grader should do"), ("x" * 1001, "1000")])
    def test_no_word_or_a_novel_is_not_sent_back(self, desk, client, post, held, staff, words, reason):
        post("refer", held, words="Look.")
        client.force_login(staff(StaffRole.LEAD_GRADER))
        response = post("send_back", held, words=words)
        assert response.status_code == 400
        assert reason in response.content.decode()

    def test_a_grader_does_not_send_back(self, desk, post, held):
        post("refer", held, words="Look.")
        assert post("send_back", held, words="Mine.").status_code == 403

    def test_the_lead_scores_on_the_same_page(self, desk, client, post, held, staff):
        post("refer", held, words="Look.")
        client.force_login(staff(StaffRole.LEAD_GRADER))
        assert "data-scoring" in desk.open(held).content.decode()
        assert desk.score(held).status_code == 302
        assert GradingTask.objects.get(pk=held).status == TaskStatus.SCORED


class TestLease:
    def test_the_page_says_until_when_the_answer_is_ones_own(self, desk, held):
        until = GradingTask.objects.get(pk=held).claimed_until
        assert f">{until:%H:%M}</span> UTC, longer" in desk.open(held).content.decode()

    def test_the_page_says_that_the_claim_ended_and_saving_is_still_fine(self, desk, held):
        GradingTask.objects.filter(pk=held).update(claimed_until=timezone.now() - timedelta(minutes=5))
        page = desk.open(held).content.decode()
        assert "Your claim on this answer has ended (" in page
        assert desk.score(held).status_code == 302

    def test_a_scored_answer_that_changed_may_be_taken_by_anybody(self, desk, client, held, staff):
        """Also before the queue has noticed it."""
        desk.score(held, to_desk="1")
        client.force_login(staff())
        assert "Take this answer" not in desk.open(held).content.decode()
        assert desk.claim(held).status_code == 403
        Answer.objects.filter(number=1).update(text="43", revision=2)
        assert "The answer changed after it was scored" in desk.open(held).content.decode()
        assert "Take this answer" in desk.open(held).content.decode()
        page = client.get(desk.page).content.decode()
        assert "1 answer changed after it was scored." in page
        assert "1 changed after scoring" in page
        assert desk.claim(held).status_code == 302


class TestAhead:
    @pytest.fixture(autouse=True)
    def _papers(self, hand_in, queue, task):
        for _ in range(4):
            hand_in("42", "1")
        queue()

    def ask(self, post, exam, shown, **typed):
        return post("ahead", exam.pk, shown=shown, **typed)

    def test_the_next_two_answers_are_claimed_and_sent(self, desk, post, exam, held, grader):
        told = self.ask(post, exam, held).json()
        assert [one["task"] for one in told["ahead"]] == [
            task.pk
            for task in GradingTask.objects.filter(grader=grader).exclude(pk=held).shuffled_for(grader.pk)
        ]
        assert 890 < told["shown_seconds"] <= 900
        for one in told["ahead"]:
            assert 'id="sheet"' in one["html"]
            assert "<html" not in one["html"]
            assert one["url"] == reverse("admin:grading_score", args=[one["task"]])

    def test_nothing_of_it_is_kept_by_a_cache(self, desk, post, exam, held):
        assert "no-store" in self.ask(post, exam, held)["Cache-Control"]

    def test_what_the_page_has_is_not_sent_again(self, desk, post, exam, held):
        first = [one["task"] for one in self.ask(post, exam, held).json()["ahead"]]
        again = self.ask(post, exam, held, have=first[:1]).json()["ahead"]
        assert [one["task"] for one in again] == first
        assert [("html" in one) for one in again] == [False, True]

    def test_the_problem_that_was_chosen_is_kept(self, desk, post, exam, held, problems):
        query = f"?problem={problems[1].pk}"
        told = post("ahead", exam.pk, query, shown=held).json()["ahead"]
        assert len(told) == 2
        for one in told:
            assert GradingTask.objects.get(pk=one["task"]).problem == problems[1]
            assert one["url"].endswith(query)

    def test_an_answer_that_is_somebody_elses_by_now_is_told(self, desk, post, exam, held, staff):
        GradingTask.objects.filter(pk=held).update(grader=staff())
        assert self.ask(post, exam, held).json()["shown_seconds"] is None

    @pytest.mark.parametrize("shown", ["", "x", "0"])
    def test_a_page_that_does_not_say_what_it_shows_is_refused(self, desk, post, exam, held, shown):
        assert self.ask(post, exam, shown).status_code == 400

    def test_a_wrong_number_among_what_it_has_is_refused(self, desk, post, exam, held):
        assert self.ask(post, exam, held, have=["x"]).status_code == 400

    def test_leaving_the_page_frees_what_nobody_looked_at(self, desk, post, exam, held):
        tasks = [one["task"] for one in self.ask(post, exam, held).json()["ahead"]]
        assert post("release", exam.pk, shown=held, have=[*tasks, held]).status_code == 204
        assert set(GradingTask.objects.filter(pk__in=tasks).values_list("status", "grader")) == {
            (TaskStatus.OPEN, None)
        }
        assert GradingTask.objects.get(pk=held).status == TaskStatus.CLAIMED

    def test_leaving_with_nonsense_frees_nothing(self, desk, post, exam, held):
        tasks = [one["task"] for one in self.ask(post, exam, held).json()["ahead"]]
        assert post("release", exam.pk, shown=held, have=["x"]).status_code == 204
        assert GradingTask.objects.filter(pk__in=tasks, status=TaskStatus.CLAIMED).count() == 2

    def test_query_count_of_fetching_ahead(self, desk, post, exam, held, django_assert_num_queries):
        first, second = [one["task"] for one in self.ask(post, exam, held).json()["ahead"]]
        desk.score(held, to_desk="1")
        # One answer is there already, one is new.
        with django_assert_num_queries(7):
            told = self.ask(post, exam, first, have=[second]).json()
        assert [("html" in one) for one in told["ahead"]] == [False, True]


class TestSavingFromThePage:
    def save(self, client, task, **typed):
        form = {"points": "6", "comment": "", "note": "", "based_on": 0, "answer_revision": 1, **typed}
        page = reverse("admin:grading_score", args=[task])
        return client.post(page, form, headers={"accept": "application/json"})

    def test_saved_is_a_201_with_words_for_the_next_page(self, desk, client, held, code):
        response = self.save(client, held, points="6.5")
        assert response.status_code == 201
        assert "no-store" in response["Cache-Control"]
        saved = response.json()["saved"]
        for part in ("6.5 points", code, reverse("admin:grading_undo", args=[held]), 'value="1"'):
            assert part in saved
        assert Score.objects.get().points == 6.5

    def test_the_same_once_more_is_saved_once(self, desk, client, held):
        self.save(client, held)
        assert self.save(client, held).status_code == 201
        assert Score.objects.count() == 1

    @pytest.mark.parametrize(
        ("typed", "status"), [({"points": "99"}, 400), ({"based_on": 1}, 409), ({"answer_revision": 2}, 409)]
    )
    def test_a_refusal_is_the_page_with_what_was_typed(self, desk, client, held, typed, status):
        response = self.save(client, held, comment="kept", **typed)
        assert response.status_code == status
        assert 'id="sheet"' in response.content.decode()
        assert "kept" in response.content.decode()
        assert not Score.objects.exists()

    def test_query_count_of_saving(self, desk, client, held, django_assert_num_queries):
        with django_assert_num_queries(9):
            assert self.save(client, held).status_code == 201


def test_handing_on_and_holding_are_listed_on_the_page(desk, client, held, lead, exam):
    client.force_login(lead)
    client.post(reverse("admin:grading_hand_on", args=[exam.pk]), {"task": [held], "free": "1"})
    page = desk.open(held).content.decode()
    assert "lead freed it" in page
    factories.ScoreFactory(task_id=held, task=None)
