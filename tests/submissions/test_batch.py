"""What a batch may look like."""

import uuid

import pytest

from apps.submissions.rules.batch import Edit, InvalidBatch, read_batch

DEVICE = str(uuid.UUID(int=1))
OP = str(uuid.UUID(int=2))


def one(**changes):
    return {"op": OP, "number": 3, "text": "x", "based_on": 4} | changes


def faults_of(tree):
    with pytest.raises(InvalidBatch) as refusal:
        read_batch(tree)
    return [(fault.index, fault.field) for fault in refusal.value.faults]


def test_read_batch_gives_types():
    batch = read_batch({"device": DEVICE, "notices": 0, "edits": [one()]})
    assert batch.device == uuid.UUID(DEVICE)
    assert batch.edits == (Edit(op=uuid.UUID(OP), number=3, text="x", based_on=4),)


def test_a_missing_base_is_unknown():
    edit = one()
    del edit["based_on"]
    assert read_batch({"device": DEVICE, "edits": [edit]}).edits[0].based_on is None


@pytest.mark.parametrize("tree", [None, [], "x", 7])
def test_what_is_not_an_object_is_refused(tree):
    assert faults_of(tree) == [(None, "")]


@pytest.mark.parametrize(
    "device", [None, "", "x", 1, "{" + DEVICE + "}", "urn:uuid:" + DEVICE, DEVICE[:-1] + "g"]
)
def test_a_device_is_a_uuid(device):
    assert faults_of({"device": device, "edits": []}) == [(None, "device")]


@pytest.mark.parametrize("edits", [None, {}, "x"])
def test_edits_are_a_list(edits):
    assert faults_of({"device": DEVICE, "edits": edits}) == [(None, "edits")]


def test_at_most_50_edits():
    edits = [one(op=str(uuid.UUID(int=n)), number=n) for n in range(1, 52)]
    assert faults_of({"device": DEVICE, "edits": edits}) == [(None, "edits")]
    assert len(read_batch({"device": DEVICE, "edits": edits[:50]}).edits) == 50


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"op": None}, "op"),
        ({"op": "1"}, "op"),
        ({"number": None}, "number"),
        ({"number": 0}, "number"),
        ({"number": True}, "number"),
        ({"number": "3"}, "number"),
        ({"number": 2**31}, "number"),
        ({"text": None}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"based_on": -1}, "based_on"),
        ({"based_on": "4"}, "based_on"),
        ({"based_on": 2**31}, "based_on"),
    ],
)
def test_a_faulty_field_is_named_with_its_place(changes, field):
    good = one(op=str(uuid.uuid4()), number=1)
    assert faults_of({"device": DEVICE, "edits": [good, one(**changes)]}) == [(1, field)]


def test_every_fault_is_told_at_once():
    assert faults_of({"device": "", "edits": ["x", one(op="", text=1)]}) == [
        (None, "device"),
        (0, ""),
        (1, "op"),
        (1, "text"),
    ]


def test_one_edit_for_each_problem_and_each_op_once():
    assert faults_of({"device": DEVICE, "edits": [one(), one()]}) == [(1, "number"), (1, "op")]


@pytest.mark.parametrize("text", ["", "x" * 20_000, "👩‍🚀\u202e"])
def test_texts_that_are_kept(text):
    assert read_batch({"device": DEVICE, "edits": [one(text=text)]}).edits[0].text == text
