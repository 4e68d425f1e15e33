"""Exam files: what is read literally, what is refused, and where."""

import io
import json
import time
import zipfile

import pytest

from apps.exams.rules import documents
from apps.exams.rules.documents import DocumentError, read


def yaml(text):
    return read(text.encode(), "exam.yaml")


def archive(files, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a: 007", {"a": "007"}),
        ("a: no", {"a": "no"}),
        ("a: 1e3", {"a": "1e3"}),
        ("a: 12:30", {"a": "12:30"}),
        ("a: 2026-03-14T15:00:00+01:00", {"a": "2026-03-14T15:00:00+01:00"}),
        (
            "a: true\nb: 'true'\nc: \"null\"\nd: null\ne: ~\nf:",
            {"a": True, "b": "true", "c": "null", "d": None, "e": None, "f": None},
        ),
        ("a: [1, {b: 2}]", {"a": ["1", {"b": "2"}]}),
        ("a: |\n  x\n\n  y\n", {"a": "x\n\ny\n"}),
        ("a: >-\n  x\n  y\n", {"a": "x y"}),
        ("\ufeffa: ä", {"a": "ä"}),
        ("- a", ["a"]),
        ("a", "a"),
    ],
)
def test_read_takes_yaml_as_written(text, tree):
    assert yaml(text).tree == tree


def test_read_remembers_lines():
    document = yaml("a: 1\nb:\n- c: |\n    one\n    two\n- d: 2\n")
    assert document.lines["b[0].c"] == 3
    assert document.line_of("b[0].c", 2) == 5
    assert document.line_of("b[1].d") == 6
    assert document.line_of("b[1].missing") == 6
    assert document.line_of("nothing") == 1
    assert document.line_of("a", 7) == 1  # its text begins on the same line: lines in it cannot be told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "line 2: the key a stands twice"),
        ("a: &x 1\nb: *x", "line 1: anchors and aliases"),
        ("b: *x", "line 1: anchors and aliases"),
        ("a: !!python/object/apply:os.system [ls]", "line 1: tags"),
        ("a: !!binary aGk=", "line 1: tags"),
        ("? [a]\n: b", "line 1: a key is not plain text"),
        ("true: 1", "line 1: a key is not plain text"),
        ("a: [1", "is not YAML"),
        ("a: b: c", "line 1: is not YAML"),
        ("a\tb: \x07", "is not YAML"),
        ("", "holds no exam"),
        ("# nothing", "holds no exam"),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("[" * 1_000, "nested too deeply"),
        ("- " * 500 + "a", "nested too deeply"),
    ],
)
def test_read_refuses_yaml(text, message):
    with pytest.raises(DocumentError) as error:
        yaml(text)
    assert message in str(error.value)


def test_read_is_not_fooled_by_a_bomb():
    levels = "\n".join(f"l{n}: &l{n} [*l{n - 1}, *l{n - 1}, *l{n - 1}]" for n in range(1, 40))
    before = time.process_time()
    with pytest.raises(DocumentError, match="anchors"):
        yaml("l0: &l0 x\n" + levels)
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    ("data", "tree"),
    [
        (b'{"a": [1, 0.10, true, null, "x"]}', {"a": ["1", "0.10", True, None, "x"]}),
        (b'\xef\xbb\xbf{"a": 1e400}', {"a": "1e400"}),
    ],
)
def test_read_takes_json_as_written(data, tree):
    assert read(data, "exam.JSON").tree == tree


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a": 1, "a": 2}', "the key a stands twice"),
        (b'{\n"a": }', "line 2: is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": "\xff"}', "line 1: is not UTF-8"),
    ],
)
def test_read_refuses_json(data, message):
    with pytest.raises(DocumentError) as error:
        read(data, "exam.json")
    assert message in str(error.value)


def test_read_refuses_other_names_and_large_files():
    with pytest.raises(DocumentError, match="named neither of"):
        read(b"a: 1", "exam.txt")
    with pytest.raises(DocumentError, match="larger than 4 MB"):
        read(b"#" * (documents.MAX_BYTES + 1), "exam.yaml")
    with pytest.raises(DocumentError, match="larger than 64 MB"):
        read(b"#" * (documents.MAX_ZIP_BYTES + 1), "exam.zip")


def test_read_takes_a_zip_as_people_make_them():
    data = archive(
        {
            "round/exam.yaml": "a: 1",
            "round/t.svg": "<svg/>",
            "round/photo.PNG": b"x",
            "round/notes.txt": "ignored",
            "__MACOSX/round/._exam.yaml": "junk",
            "round/.DS_Store": "junk",
        }
    )
    document = read(data, "exam.zip")
    assert document.tree == {"a": "1"}
    assert document.lines["a"] == 1
    assert document.figures == {"t.svg": b"<svg/>", "photo.PNG": b"x"}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds 0 YAML or JSON files"),
        ({"a.yaml": "a: 1", "b.json": "{}"}, "holds 2 YAML or JSON files"),
        ({"a.yaml": "a: 1", "x/t.svg": "1", "y/t.svg": "2"}, "two figures named t.svg"),
        ({"a.yaml": "#" * (documents.MAX_BYTES + 1)}, "a.yaml is larger than 4 MB"),
        ({"a.yaml": "a: 1", "t.png": b"\0" * (documents.MAX_FIGURE_BYTES + 1)}, "t.png is larger than 5 MB"),
        ({f"{n}.svg": "" for n in range(501)}, "holds more than 500 files"),
        ({"a.yaml": "a: ["}, "is not YAML"),
    ],
)
def test_read_refuses_zips(files, message):
    with pytest.raises(DocumentError) as error:
        read(archive(files, compression=zipfile.ZIP_DEFLATED), "exam.zip")
    assert message in str(error.value)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", archive({"a.yaml": "a: 1"})[:-10], b"x" * 100])
def test_read_refuses_damaged_zips(data):
    with pytest.raises(DocumentError, match="not a ZIP file"):
        read(data, "exam.zip")


def test_read_gives_json_and_yaml_of_the_same_exam_the_same_tree():
    tree = {"a": ["1", {"b": True}], "c": None}
    assert read(json.dumps(tree).encode(), "x.json").tree == yaml("a: [1, {b: true}]\nc: null").tree
