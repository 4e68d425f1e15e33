"""How what was done to an exam is told: acts and changes in plain words."""

from collections.abc import Iterable, Mapping

# By the names that services give to their acts.
ACTS = {
    "add_statement_version": "changed a statement",
    "change_contestant": "corrected a contestant",
    "change_registration": "changed a registration",
    "duplicate_exam": "made the exam from another",
    "end_sessions": "ended all sessions of keys",
    "exam_closed": "closed the exam",
    "exam_draft": "took the exam back to draft",
    "exam_ready": "made the exam ready",
    "import_exam": "imported the exam",
    "import_roster": "imported a roster",
    "issue_anonymous_keys": "issued keys",
    "issue_keys_for": "issued keys",
    "put_figure": "put a figure in its place",
    "redeem_key": "entered for the first time",
    "remove_figure": "removed a figure",
    "remove_problem": "removed a problem",
    "remove_time_block": "removed a time block",
    "revoke_keys": "revoked keys",
    "save_exam": "changed the exam",
    "save_problem": "changed a problem",
    "save_time_block": "changed a time block",
    "start_paper": "started the first paper",
}
# Done by contestants, who are nobody's user.
BY_CONTESTANTS = {"redeem_key", "start_paper"}

LABELS = {"insert": "added", "update": "changed", "delete": "removed"}


def act_in_words(act: str) -> str:
    """What somebody did; an act without words of its own is told by its name."""
    return ACTS.get(act, act.replace("_", " "))


def who_in_words(username: str, act: str) -> str:
    """Who did it. Without a user it was a contestant or a command; without an act nobody knows."""
    if username:
        return username
    if act in BY_CONTESTANTS:
        return "a contestant"
    return "a command" if act else "somebody beside the console"


def reason_of(metadata: Mapping[str, object], subjects: Iterable[str]) -> str:
    """The reason that was given. Some acts name their thing there, which the lines below name anyway."""
    reason = str(metadata.get("reason") or "")
    named = any(subject.casefold().endswith(reason.casefold()) for subject in subjects)
    return "" if named or metadata.get("act") == "import_exam" else reason


def key_in_words(changed: set[str]) -> str:
    """What became of an access key, by the columns that changed."""
    if "revoked_at" in changed:
        return "revoked"
    if "redeemed_at" in changed:
        return "redeemed"
    return "all sessions ended" if "epoch" in changed else LABELS["update"]


def same_day_short(before: str, after: str) -> tuple[str, str]:
    """Of two moments on one day the second needs only its time: "14 Mar 2026, 18:00", "18:30"."""
    day, comma, time = after.partition(", ")
    return (before, time) if comma and before.startswith(f"{day}, ") else (before, after)
