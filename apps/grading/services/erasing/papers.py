"""The papers: what was written, when, on which device, and our word for it."""

import secrets
import uuid

from django.db.models import Exists, OuterRef

from apps.access.models import Registration
from apps.grading.models import GradingTask, Publication
from apps.grading.services.erasing.people import erase_log
from apps.submissions.enums import SubmittedBy
from apps.submissions.models import Acceptance, Answer, AnswerRevision, Receipt, Submission
from apps.submissions.models.paper import new_blind_code

NOT_GRADED = "Erased before it was graded."


def take_out_of_grading(contestant_id: int) -> None:
    """A paper that nobody can grade any more does not compete, and no publication waits for it."""
    papers = Submission.objects.filter(registration__contestant=contestant_id)
    standing = Publication.objects.filter(exam=OuterRef("exam")).standing()
    for registration in Registration.objects.filter(contestant=contestant_id, disqualification="").exclude(
        Exists(standing)
    ):
        answers = Answer.objects.filter(submission__in=papers.filter(registration=registration))
        counted = answers.filter(problem__not_counted=False)
        scored = GradingTask.objects.filter(answer__in=counted)
        if counted.exclude(pk__in=scored.values("answer")).exists() or scored.unfinished().exists():
            registration.disqualification = NOT_GRADED
            registration.save(update_fields=["disqualification"])


def erase_papers(contestant_id: int) -> None:
    """Texts go, with every revision and receipt; of the times only the time block's own remain.

    A deadline of one's own tells of an accommodation, and times to the second tell people apart. The new
    `journal_key` makes the copies that browsers keep unreadable, the new blind code is nobody's.
    """
    papers = Submission.objects.filter(registration__contestant=contestant_id)
    erase_log(Submission, list(papers.values_list("pk", flat=True)))
    revisions = AnswerRevision.objects.filter(submission__in=papers)
    Acceptance.objects.filter(promoted__in=revisions).delete()
    # A promoted text refers to the one that was kept apart.
    revisions.exclude(promoted_from=None).delete()
    revisions.delete()
    Receipt.objects.filter(submission__in=papers).delete()
    # The count of revisions stays: a score names the one it judged.
    Answer.objects.filter(submission__in=papers).update(text="")
    for paper in papers.select_related("registration__time_block"):
        block = paper.registration.time_block
        paper.public_id = uuid.uuid4()
        paper.blind_code = new_blind_code()
        paper.journal_key = secrets.token_bytes(32)
        paper.started_at = block.opens_at
        paper.deadline_at = paper.submitted_at = block.closes_at
        paper.submitted_by = SubmittedBy.TIME
        paper.reopened_at = paper.writer = None
        paper.save()
