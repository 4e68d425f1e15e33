"""Who changed what in an exam: complete, in plain words, for organisers."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.access.models import Registration
from apps.access.services import people, revoking
from apps.access.services.entry import redeem_key
from apps.access.services.history import act
from apps.access.services.issuing import issue_anonymous_keys
from apps.access.services.roster import import_roster
from apps.core.sheets import read_table
from apps.exams.enums import StaffRole
from apps.exams.models import Exam, ExamStaff, Problem
from apps.exams.services import editing
from apps.grading.rules import history_words
from apps.grading.selectors.exam_history import acts
from apps.grading.services.publishing import withdraw_results
from apps.submissions.models import Acceptance
from apps.submissions.services.starting import start_paper
from apps.submissions.services.timing import move_deadline
from tests import factories
from tests.support.console import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(exam):
    return reverse("admin:grading_exam_history", args=[exam.pk])


@pytest.fixture
def read(client, organiser, page):
    """What the page says, as the organiser reads it."""
    client.force_login(organiser)

    def read(**asked):
        return text_of(client.get(page, asked)).partition("Show")[2]

    return read


@pytest.fixture
def registration(exam, block):
    return factories.RegistrationFactory(
        exam=exam, time_block=block, contestant__number=417, contestant__name="Ana Kovač"
    )


def test_a_change_is_told_from_what_to_what(read, exam, block, registration, organiser):
    other = factories.TimeBlockFactory(exam=exam, name="Asia")
    people.change_registration(
        registration_id=registration.pk,
        changes={"time_block": other, "extra_minutes": 10, "tester": True},
        actor=organiser,
    )
    said = read(what="people", who=organiser.pk)
    assert "organiser changed a registration" in said
    assert (
        f"Registration of 0417 Ana Kovač changed: time block {block.name} → Asia ; "
        "extra minutes 0 → 10 ; tester no → yes" in said
    )


def test_times_are_told_in_the_exams_zone_and_only_the_time_on_one_day(read, block, organiser):
    with act("move_block", actor=organiser, reason="The hall was locked."):
        block.closes_at += timedelta(minutes=30)
        block.save()
    said = read(what="time_blocks")
    assert "organiser move block" in said
    assert f"Time block {block.name} changed: closes at 14 Mar 2026, 15:00 → 15:30" in said
    assert "Reason: The hall was locked." in said


def test_people_schools_and_blanks_are_named(read, exam, registration, organiser):
    school = factories.SchoolFactory(contest=exam.contest, name="Gauss School")
    people.change_contestant(
        contestant_id=registration.contestant_id,
        changes={"school": school, "room": "101", "may_publish_name": True},
        actor=organiser,
    )
    said = read(what="people", who=organiser.pk)
    assert "organiser corrected a contestant" in said
    assert (
        "Contestant 0417 Ana Kovač changed: school blank → Gauss School ; room blank → 101 ; "
        "may publish name no → yes" in said
    )


def test_long_texts_are_told_by_what_changed_in_them(client, organiser, exam, page):
    Exam.objects.filter(pk=exam.pk).update(instructions="No calculators. " * 8 + "<b>Good luck</b>")
    with act("edit", actor=organiser):
        Exam.objects.filter(pk=exam.pk).update(instructions="No calculators. " * 8 + "<b>Good day</b>")
    client.force_login(organiser)
    html = client.get(page, {"who": organiser.pk}).content.decode()
    assert "<del>luck</del><ins>day</ins>" in html
    assert "&lt;" in html
    assert "<b>Good" not in html


def test_problems_points_and_lists_are_told_as_people_write_them(read, problems, organiser):
    with act("edit", actor=organiser):
        Problem.objects.filter(pk=problems[0].pk).update(max_points="7.50", accepted=["42", "6*7"])
    said = read(what="problems", who=organiser.pk)
    assert "Problem 1 changed: max points 7 → 7.5 ; accepted 42 → 42, 6*7" in said


def test_many_rows_of_one_act_stand_together_and_are_counted(read, exam, block, organiser, now, monkeypatch):
    monkeypatch.setattr(acts, "ROWS_TOLD", 2)
    issue_anonymous_keys(exam_id=exam.pk, count=8, actor=organiser, now=now)
    said = read()
    assert said.count("organiser issued keys") == 1
    assert said.count("and 6 more added") == 3  # contestants, registrations, keys
    assert "Contestant 0001, contestant 0002 and 6 more added" in said
    said = read(what="keys")
    assert "of 0002 and 6 more added" in said
    assert said.count("and 6 more added") == 1


def test_a_roster_is_one_act(read, exam, block, organiser):
    table = read_table(b"external_id,name\na1,Ana\nb2,Bo\n")
    import_roster(exam_id=exam.pk, table=table, actor=organiser)
    said = read(who=organiser.pk)
    assert said.count("organiser imported a roster") == 1
    assert "Contestant 0001 Ana, contestant 0002 Bo added" in said
    assert "Registration of 0001 Ana, registration of 0002 Bo added" in said


def test_what_becomes_of_keys_is_told(read, exam, block, organiser, now):
    [slip] = issue_anonymous_keys(exam_id=exam.pk, count=1, actor=None, now=now)
    redeem_key(typed=slip.key, now=now)
    chosen = revoking.Everybody()
    revoking.end_sessions(exam_id=exam.pk, chosen=chosen, reason="Lost tablet", actor=organiser)
    revoking.revoke_keys(exam_id=exam.pk, chosen=chosen, reason="Slip sold", actor=organiser, now=now)
    said = read(what="keys")
    assert "a command issued keys" in said
    assert "a contestant entered for the first time" in said
    key = f"Key {slip.hint}-… of 0001"
    assert f"{key} redeemed" in said
    assert f"{key} all sessions ended Reason: Lost tablet" in said
    assert f"{key} revoked Reason: Slip sold" in said
    assert slip.key not in said


def test_the_first_start_is_a_contestants(read, exam, problems, now):
    exam.time_blocks.all().delete()
    block = factories.TimeBlockFactory(exam=exam)
    start_paper(registration_id=factories.RegistrationFactory(exam=exam, time_block=block).pk, now=now)
    said = read(what="exam")
    assert "a contestant started the first paper" in said
    assert "The exam changed: first started at blank → 14 Mar 2026, 16:00" in said


def test_a_new_statement_is_told_once(read, exam, problems, organiser, now):
    editing.add_statement_version(problem_id=problems[0].pk, source="How many?", actor=organiser, now=now)
    said = read(who=organiser.pk)
    assert "Version 2 of the statement of problem 1 written" in said
    assert "The exam changed" not in said


def test_a_statement_stands_in_the_act_that_wrote_it(read, exam, problems, organiser, now):
    with act("save_problem", actor=organiser, reason="The sign was wrong"):
        Problem.objects.filter(pk=problems[0].pk).update(max_points=5)
        editing.add_statement_version(
            problem_id=problems[0].pk, source="How many?", note="Read again", actor=organiser, now=now
        )
    said = read(who=organiser.pk)
    assert said.count("organiser changed a") == 1
    assert "Problem 1 changed: max points 7 → 5 Version 2 of the statement of problem 1 written" in said
    assert "Reason: Read again" in said


def test_figures_are_told(read, exam, organiser):
    for width in (10, 20):
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 9"><path d="M0 0h9"/></svg>'
        editing.put_figure(exam_id=exam.pk, name="square.svg", data=svg.encode(), actor=organiser)
    editing.remove_figure(figure_id=exam.figures.get().pk, actor=organiser)
    said = read(what="figures")
    assert "organiser put a figure in its place" in said
    assert "Figure square.svg added" in said
    assert "Figure square.svg replaced by another picture" in said
    assert "Figure square.svg removed" in said
    assert "Reason" not in said


def test_roles_are_told(read, exam, organiser):
    user = factories.UserFactory(username="gauss")
    with act("staff", actor=organiser):
        row = ExamStaff.objects.create(exam=exam, user=user, role=StaffRole.GRADER)
        row.role = StaffRole.LEAD_GRADER
        row.save()
        row.delete()
    said = read(what="staff", who=organiser.pk)
    assert "Role of gauss as grader added" in said
    assert "changed: role grader → lead grader" in said
    assert "Role of gauss as lead grader removed" in said


def test_deadlines_accepted_texts_and_publications_are_told(
    read, exam, hand_in, grade, organiser, now, registration
):
    paper = factories.SubmissionFactory(registration=registration)
    move_deadline(submission_id=paper.pk, minutes=7, reason="Fire alarm", actor_id=organiser.pk, now=now)
    answer = factories.AnswerFactory(submission=paper, problem=exam.problems.get(number=2))
    promoted = factories.AnswerRevisionFactory(answer=answer)
    Acceptance.objects.create(promoted=promoted, reason="Cable", accepted_at=now, accepted_by=organiser)
    said = read(what="papers")
    assert "organiser 14 Mar 2026, 16:00:00 Paper of 0417 moved: deadline 14 Mar 2026, 17:00 → 17:07" in said
    assert "Reason: Fire alarm" in said
    assert "Text of 0417, problem 2 accepted Reason: Cable" in said


def test_publications_are_told(read, exam, grade, organiser, publish, now):
    grade(1, 2)
    publish()
    withdraw_results(exam_id=exam.pk, actor=organiser, reason="Problem 2 again", now=now + timedelta(hours=1))
    said = read(what="results")
    assert "Publication 1 withdrawn Reason: Problem 2 again" in said
    assert said.index("withdrawn") < said.index("Publication 1 published")


def test_what_came_past_every_service_is_told_as_such(read, exam):
    Exam.objects.filter(pk=exam.pk).update(title="Changed by hand")
    said = read(what="exam")
    assert "somebody beside the console" in said
    assert "title Spring Round → Changed by hand" in said


def test_filters_narrow_by_person_kind_and_day(read, exam, block, registration, organiser, staff, now):
    other = staff(StaffRole.ORGANISER, username="noether")
    for actor, minutes in ((organiser, 5), (other, 6)):
        people.change_registration(
            registration_id=registration.pk, changes={"extra_minutes": minutes}, actor=actor
        )
    paper = factories.SubmissionFactory(registration=registration)
    move_deadline(submission_id=paper.pk, minutes=7, reason="Alarm", actor_id=other.pk, now=now)
    said = read(who=other.pk)
    assert "noether changed a registration" in said
    assert "organiser changed" not in said
    assert "Alarm" in said
    assert "Alarm" not in read(who=other.pk, what="people")
    assert "Alarm" in read(day="2026-03-14")
    assert "Nothing was changed, of what you asked for." in read(day="2026-03-13")
    # The exam's day begins in the exam's zone: 23:30 UTC is the next day in Berlin.
    late = now.replace(hour=23, minute=30)
    move_deadline(submission_id=paper.pk, minutes=700, reason="Night", actor_id=other.pk, now=late)
    assert "Night" in read(day="2026-03-15")
    assert "Night" not in read(day="2026-03-14")
    by_nobody = read(who=acts.NOBODY)
    assert "noether changed" not in by_nobody
    assert "somebody beside the console" in by_nobody


@pytest.mark.parametrize(
    "asked", [{"who": "x"}, {"what": "secrets"}, {"day": "soon"}, {"page": "-1"}, {"who": "99999"}]
)
def test_what_no_page_offers_counts_as_everything(read, registration, asked):
    assert "Registration of 0417 Ana Kovač added" in read(**asked)


def test_only_who_did_something_can_be_chosen(client, organiser, staff, page, registration, exam):
    factories.UserFactory(username="bystander")
    people.change_registration(
        registration_id=registration.pk, changes={"extra_minutes": 1}, actor=staff(username="emmy")
    )
    client.force_login(organiser)
    said = text_of(client.get(page))
    assert "emmy" in said
    assert "bystander" not in said


def test_another_exams_history_is_not_mixed_in(read, exam, block):
    stranger = factories.RegistrationFactory(contestant__name="Somebody Strange")
    factories.TimeBlockFactory(exam=stranger.exam, name="Strange block")
    factories.AccessKeyFactory(contestant=stranger.contestant, hint="ZZZZ")
    said = read()
    assert "Strange" not in said
    assert "ZZZZ" not in said


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (StaffRole.ORGANISER, 200),
        (StaffRole.LEAD_GRADER, 403),
        (StaffRole.GRADER, 403),
        (StaffRole.PROCTOR, 403),
        (StaffRole.OBSERVER, 403),
    ],
)
def test_the_history_is_for_organisers(client, staff, page, role, status):
    client.force_login(staff(role))
    assert client.get(page).status_code == status


def test_anothers_exam_and_a_missing_one_are_alike(client, page):
    client.force_login(factories.ExamStaffFactory(role=StaffRole.ORGANISER).user)
    assert client.get(page).status_code == 404
    assert client.get(reverse("admin:grading_exam_history", args=[999_999])).status_code == 404


def test_acts_come_in_pages(read, registration, organiser, now, monkeypatch):
    monkeypatch.setattr(acts, "ACTS_PER_PAGE", 2)
    paper = factories.SubmissionFactory(registration=registration)
    for number in range(5):
        at = now + timedelta(minutes=number)
        move_deadline(submission_id=paper.pk, minutes=1, reason=f"No {number}.", actor_id=None, now=at)
    pages = [read(what="papers", page=number) for number in (1, 2, 3, 4)]
    told = [[number for number in range(5) if f"No {number}." in said] for said in pages]
    assert told == [[3, 4], [1, 2], [0], []]
    assert ["Older" in said for said in pages] == [True, True, False, False]
    assert ["Newer" in said for said in pages] == [False, True, True, True]


def test_the_page_takes_the_same_queries_for_1_and_3_rows(client, exam, block, organiser, now, page):
    client.force_login(organiser)
    counts = []
    for rows in (1, 3):
        while Registration.objects.count() < rows:
            sits = factories.RegistrationFactory(exam=exam, time_block=block)
            paper = factories.SubmissionFactory(registration=sits)
            move_deadline(submission_id=paper.pk, minutes=1, reason="x", actor_id=organiser.pk, now=now)
            people.change_registration(registration_id=sits.pk, changes={"extra_minutes": 1}, actor=organiser)
            school = factories.SchoolFactory(contest=exam.contest)
            people.change_contestant(
                contestant_id=sits.contestant_id, changes={"school": school}, actor=organiser
            )
            factories.AccessKeyFactory(contestant=sits.contestant)
            factories.ExamStaffFactory(exam=exam, role=StaffRole.GRADER)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 26


@pytest.mark.parametrize(
    ("username", "act_name", "who"),
    [
        ("noether", "revoke_keys", "noether"),
        ("noether", "", "noether"),
        ("", "redeem_key", "a contestant"),
        ("", "import_roster", "a command"),
        ("", "", "somebody beside the console"),
    ],
)
def test_who_in_words(username, act_name, who):
    assert history_words.who_in_words(username, act_name) == who


@pytest.mark.parametrize(
    ("act_name", "reason", "told"),
    [
        ("revoke_keys", "Slip lost", "Slip lost"),
        ("put_figure", "square.svg", ""),
        ("put_figure", "A clearer picture", "A clearer picture"),
        ("import_exam", "spring", ""),
        ("revoke_keys", None, ""),
    ],
)
def test_reason_of(act_name, reason, told):
    metadata = {"act": act_name, "reason": reason}
    assert history_words.reason_of(metadata, ["the exam", "figure square.svg"]) == told


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("14 Mar 2026, 18:00", "14 Mar 2026, 18:30", ("14 Mar 2026, 18:00", "18:30")),
        ("14 Mar 2026, 18:00", "15 Mar 2026, 18:00", ("14 Mar 2026, 18:00", "15 Mar 2026, 18:00")),
        ("", "14 Mar 2026, 18:00", ("", "14 Mar 2026, 18:00")),
        ("14 Mar 2026, 18:00", "", ("14 Mar 2026, 18:00", "")),
    ],
)
def test_same_day_short(before, after, told):
    assert history_words.same_day_short(before, after) == told
