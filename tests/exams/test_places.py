"""Places of an exam file, in the words of whoever wrote it."""

import pytest

from apps.exams.rules.places import spoken_place

TREE = {
    "title": "Spring",
    "time_blocks": [{"name": "Europe"}, {"name": " "}, {"name": True}],
    "problems": [
        {"number": 3, "choices": [{"label": "A"}, {"text": "no label"}], "accepted": ["A", "x"]},
        {"number": "7"},
        {"number": 3},
        "no mapping",
        {},
    ],
}


@pytest.mark.parametrize(
    ("place", "spoken"),
    [
        ("", "the file"),
        ("title", "title"),
        ("slug", "slug"),
        ("problems", "problems"),
        ("time_blocks[0].opens_at", "time block Europe, opens_at"),
        ("time_blocks[1].name", "time block 2 of the list, name"),
        ("time_blocks[2]", "time block 3 of the list"),
        ("problems[1].statement", "problem 7, statement"),
        ("problems[0]", "problem 3 (1 of the list)"),
        ("problems[2].number", "problem 3 (3 of the list), number"),
        ("problems[0].choices[0].text", "problem 3 (1 of the list), choice A, text"),
        ("problems[0].choices[1].label", "problem 3 (1 of the list), choice 2 of the list, label"),
        ("problems[0].accepted[1]", "problem 3 (1 of the list), accepted answer 2"),
        ("problems[3]", "problem 4 of the list"),
        ("problems[4].number", "problem 5 of the list, number"),
        ("problems[9].number", "problem 10 of the list, number"),
        ("colour[2]", "colour 3"),
        ("figure t.1.svg", "figure t.1.svg"),
    ],
)
def test_spoken_place(place, spoken):
    assert spoken_place(TREE, place) == spoken


@pytest.mark.parametrize("tree", [None, [], "text"])
def test_spoken_place_of_what_is_no_mapping(tree):
    assert spoken_place(tree, "problems[0].number") == "problem 1 of the list, number"
