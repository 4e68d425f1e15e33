"""The demo: seeded through the same doors as everything else, and kept on a second run."""

import stat
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from apps.access.models import AccessKey, Registration
from apps.exams.models import Exam, ExamStaff, TimeBlock
from apps.grading.models import GradingTask
from apps.submissions.models import Receipt, Submission
from tests import factories

# The saves' own connections see only what is committed.
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])


@pytest.fixture
def out(tmp_path):
    return tmp_path / "demo.txt"


def seed(out):
    call_command("seed_demo", "--out", str(out))
    return out.read_text()


def words_after(text, word):
    return next(line.split()[1] for line in text.splitlines() if line.split()[:1] == [word])


def test_seed_demo_makes_an_exam_that_is_open_with_papers_to_grade(out, real_now, client):
    text = seed(out)
    exam = Exam.objects.get()
    block = exam.time_blocks.get()
    assert exam.status == "ready"
    assert block.opens_at <= real_now
    assert block.closes_at > real_now + timedelta(days=29)
    assert (exam.clock, exam.duration_minutes) == ("personal", 90)
    assert Registration.objects.count() == AccessKey.objects.valid().count() == 30
    assert Submission.objects.closed_at(real_now).count() == Receipt.objects.count() == 8
    assert GradingTask.objects.count() == 8 * 12
    assert GradingTask.objects.blank().count() > 8
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    key = words_after(text, "0009")
    entered = client.post("/enter/", {"key": key}, follow=True)
    assert "Spring Round" in entered.content.decode()
    for name in ("organiser", "lead", "grader"):
        user = get_user_model().objects.get(username=name)
        assert user.check_password(words_after(text, name))
        assert user.is_staff
        assert not user.is_superuser
        assert ExamStaff.objects.get(user=user).exam == exam


def test_seed_demo_keeps_what_is_there(out):
    text = seed(out)
    assert seed(out) == text
    assert Exam.objects.count() == 1
    assert AccessKey.objects.count() == 30


def test_seed_demo_issues_new_keys_when_the_file_is_lost(out):
    first = seed(out)
    out.unlink()
    second = seed(out)
    assert words_after(first, "0009") != words_after(second, "0009")
    assert AccessKey.objects.valid().count() == 30
    assert Submission.objects.count() == 8
    grader = get_user_model().objects.get(username="grader")
    assert grader.check_password(words_after(second, "grader"))


def test_seed_demo_writes_the_file_anew_when_the_database_is(out):
    out.write_text("of a database that is gone")
    assert "Spring Round" in seed(out)


def test_seed_demo_keeps_the_exam_open(out, real_now):
    seed(out)
    TimeBlock.objects.update(closes_at=real_now + timedelta(hours=1))
    version = Exam.objects.get().version
    seed(out)
    assert TimeBlock.objects.get().closes_at > real_now + timedelta(days=29)
    assert Exam.objects.get().version == version + 1


def test_seed_demo_leaves_an_account_of_the_same_name_alone(out):
    mine = factories.UserFactory(username="lead", is_staff=True)
    mine.set_password("my own password")
    mine.save()
    text = seed(out)
    out.unlink()
    assert words_after(text, "demo-lead") != words_after(seed(out), "demo-lead")
    lead = get_user_model().objects.get(username="lead")
    assert lead.check_password("my own password")


def test_seed_demo_says_where_it_cannot_write(tmp_path):
    with pytest.raises(CommandError, match="No such file or directory"):
        seed(tmp_path / "nowhere" / "demo.txt")
    assert not Exam.objects.exists()
