"""The checker finds every planted loss, double and phantom, and nothing where all is well."""

import asyncio
import json
from dataclasses import replace
from hashlib import sha256

import pytest

from apps.grading.management.rehearsal import journal as lines
from apps.grading.management.rehearsal.journal import Journal, TwoTexts, read_journals
from apps.grading.rules.rehearsal.checking import (
    Ack,
    SentEdit,
    StoredAnswer,
    StoredRevision,
    check,
)

TEXTS = ["one", "one two", "one two three"]


def digest(text):
    return sha256(text.encode()).hexdigest()


def acked_edits():
    """Three edits of one answer, all acknowledged, and one that was answered by nobody."""
    written = [
        SentEdit("paper", f"op{place}", 3, digest(text), Ack("current", place))
        for place, text in enumerate(TEXTS, start=1)
    ]
    return [*written, SentEdit("paper", "op4", 3, digest("never answered"))]


def stored_rows():
    return [
        StoredRevision("paper", f"op{place}", 3, digest(text), "current", place)
        for place, text in enumerate(TEXTS, start=1)
    ]


def stored_answers():
    return [
        StoredAnswer("paper", 3, digest(TEXTS[-1]), 3),
        StoredAnswer("paper", 4, digest(""), 0),
    ]


def test_check_finds_nothing_where_all_is_as_acknowledged():
    findings = check(acked_edits(), stored_rows(), stored_answers())
    assert findings.is_sound
    assert (findings.edits, findings.acked, findings.stored) == (4, 3, 3)


def test_check_lets_an_edit_that_nobody_answered_be_stored_and_count():
    stored = [*stored_rows(), StoredRevision("paper", "op4", 3, digest("never answered"), "current", 4)]
    answers = [StoredAnswer("paper", 3, digest("never answered"), 4)]
    assert check(acked_edits(), stored, answers).is_sound


def test_check_takes_a_kept_conflict_for_kept():
    edits = [*acked_edits(), SentEdit("paper", "op5", 3, digest("beside"), Ack("conflict", None))]
    stored = [*stored_rows(), StoredRevision("paper", "op5", 3, digest("beside"), "conflict", None)]
    assert check(edits, stored, stored_answers()).is_sound


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_check_finds_an_acknowledged_edit_that_is_gone(gone):
    rows = stored_rows()
    del rows[gone]
    lost = check(acked_edits(), rows, stored_answers()).lost
    assert f"op{gone + 1}" in {finding.op for finding in lost}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"digest": digest("something else")}, "stored with another text"),
        ({"number": 4}, "for another problem"),
        ({"state": "conflict", "revision": None}, "acknowledged as current 3, stored as conflict"),
        ({"revision": 7}, "acknowledged as current 3, stored as current 7"),
    ],
)
def test_check_finds_an_edit_that_is_stored_otherwise_than_acknowledged(change, why):
    rows = stored_rows()
    rows[2] = replace(rows[2], **change)
    lost = check(acked_edits(), rows, stored_answers()).lost
    assert any(finding.op == "op3" and why in finding.why for finding in lost)


def test_check_finds_an_answer_that_went_back():
    answers = [StoredAnswer("paper", 3, digest(TEXTS[1]), 2)]
    (finding,) = check(acked_edits(), stored_rows(), answers).lost
    assert finding.why == "the answer stands at revision 2, acknowledged was 3"


def test_check_finds_an_answer_whose_text_is_not_its_revision():
    answers = [StoredAnswer("paper", 3, digest(TEXTS[1]), 3)]
    (finding,) = check(acked_edits(), stored_rows(), answers).lost
    assert finding.why == "the answer's text is not that of its revision 3"


def test_check_finds_an_answer_that_is_not_there():
    (finding,) = check(acked_edits(), stored_rows(), []).lost
    assert finding.why == "acknowledged, but the answer is not there"


def test_check_finds_an_edit_that_is_stored_twice():
    rows = [*stored_rows(), StoredRevision("paper", "op2", 3, digest(TEXTS[1]), "conflict", None)]
    (finding,) = check(acked_edits(), rows, stored_answers()).duplicated
    assert (finding.op, finding.why) == ("op2", "stored more than once")


def test_check_finds_an_edit_in_two_papers():
    rows = [*stored_rows(), replace(stored_rows()[0], paper="other")]
    found = check(acked_edits(), rows, stored_answers())
    assert [finding.why for finding in found.duplicated] == ["stored in two papers"]


def test_check_finds_a_revision_number_that_was_given_twice():
    edits = [*acked_edits(), SentEdit("paper", "op5", 3, digest("five"))]
    rows = [*stored_rows(), StoredRevision("paper", "op5", 3, digest("five"), "current", 2)]
    (finding,) = check(edits, rows, stored_answers()).duplicated
    assert (finding.op, finding.why) == ("op5", "revision 2 was given twice")


def test_check_finds_a_row_that_nobody_sent():
    rows = [*stored_rows(), StoredRevision("paper", "ghost", 3, digest("boo"), "conflict", None)]
    (finding,) = check(acked_edits(), rows, stored_answers()).phantom
    assert (finding.op, finding.why) == ("ghost", "stored, but nobody sent it")


def test_check_finds_a_text_that_nobody_sent_under_an_op_that_was():
    rows = [*stored_rows(), StoredRevision("paper", "op4", 3, digest("twisted"), "conflict", None)]
    (finding,) = check(acked_edits(), rows, stored_answers()).phantom
    assert finding.op == "op4"


def test_check_finds_a_text_without_any_revision():
    answers = [*stored_answers()[:1], StoredAnswer("paper", 4, digest("from nowhere"), 0)]
    (finding,) = check(acked_edits(), stored_rows(), answers).phantom
    assert finding.number == 4


# -- The journal ------------------------------------------------------------------------------------------


def write_journal(path, *batches):
    async def write():
        journal = Journal(path)
        await asyncio.gather(*(journal.note(batch) for batch in batches))
        await journal.close()

    asyncio.run(write())


def test_note_returns_when_its_lines_are_on_the_disk(tmp_path):
    path = tmp_path / "edits.jsonl"
    seen = []

    async def write():
        journal = Journal(path)
        for op in ("a", "b"):
            await journal.note([lines.failed(paper="p", op=op, error="none")])
            seen.append(path.read_bytes().count(b"\n"))
        await journal.note([])
        await journal.close()

    asyncio.run(write())
    assert seen == [1, 2]


def test_note_shares_one_sync_among_all_who_wait(tmp_path, monkeypatch):
    syncs = []
    monkeypatch.setattr("os.fdatasync", syncs.append)
    write_journal(tmp_path / "edits.jsonl", *([lines.failed(paper="p", op="a", error="")] for _ in range(50)))
    assert len(syncs) == 1
    assert (tmp_path / "edits.jsonl").read_bytes().count(b"\n") == 50


def test_read_journals_joins_what_was_sent_with_what_was_heard(tmp_path):
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    edit = lines.sent(paper="p", op="a", number=1, text="x", based_on=0)
    write_journal(first, [edit], [lines.failed(paper="p", op="a", error="cut")], [edit])
    write_journal(
        second,
        [lines.sent(paper="q", op="b", number=2, text="y", based_on=0)],
        [lines.acked(paper="q", op="b", state="current", revision=1)],
    )
    assert read_journals([first, second]) == [
        SentEdit("p", "a", 1, digest("x")),
        SentEdit("q", "b", 2, digest("y"), Ack("current", 1)),
    ]


def test_read_journals_leaves_out_a_torn_last_line(tmp_path):
    path = tmp_path / "edits.jsonl"
    whole = json.dumps(lines.sent(paper="p", op="a", number=1, text="x", based_on=0))
    path.write_text(f'{whole}\n{{"what": "acked", "paper": "p", "o')
    assert read_journals([path]) == [SentEdit("p", "a", 1, digest("x"))]


def test_read_journals_refuses_a_crowd_that_lies(tmp_path):
    path = tmp_path / "edits.jsonl"
    for text in ("x", "y"):
        write_journal(path, [lines.sent(paper="p", op="a", number=1, text=text, based_on=0)])
    with pytest.raises(TwoTexts):
        read_journals([path])
