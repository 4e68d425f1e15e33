"""Papers, answers with their revisions, the time ledger, receipts."""

from apps.submissions.models.answer import Acceptance, Answer, AnswerRevision
from apps.submissions.models.paper import Receipt, Submission, TimeChange

__all__ = ["Acceptance", "Answer", "AnswerRevision", "Receipt", "Submission", "TimeChange"]
