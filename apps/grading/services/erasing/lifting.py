"""Which guards of the database erasing passes; nothing else in the product passes any of them."""

from contextlib import AbstractContextManager

import pgtrigger

# Append-only rows that hold what people wrote; and the history, which would copy what is just deleted.
LIFTED = (
    "access.AccessKey:delete_delete",
    "access.AccessKeyEvent:append_only",
    "access.ContestantEvent:append_only",
    "access.Registration:delete_delete",
    "access.RegistrationEvent:append_only",
    "submissions.Acceptance:acceptance_is_append_only",
    "submissions.AnswerRevision:revision_is_append_only",
    "submissions.Receipt:receipt_is_append_only",
    "submissions.TimeChange:time_ledger_is_append_only",
    "grading.Result:result_is_frozen",
    "grading.Score:score_is_append_only",
    "grading.ScoringAct:act_is_never_another",
    "grading.ScoringAct:act_is_undone_once",
)


def append_only_lifted() -> AbstractContextManager[None]:
    """Inside the block this connection may change what is append-only; all others are refused as before."""
    lifted: AbstractContextManager[None] = pgtrigger.ignore(*LIFTED, databases=["default"])
    return lifted
