"""Importing: all or nothing, every error with its place; and back out again unchanged."""

import io
import json
import zipfile
from decimal import Decimal

import pytest

from apps.core.markup import RENDERER
from apps.exams.models import Contest, Exam, Figure, Problem, StatementVersion, TimeBlock
from apps.exams.services.exporting import export_exam
from apps.exams.services.importing import ExamExists, ExamFileInvalid, import_exam_file, import_exam_tree
from tests import factories
from tests.exams.papers import SVG, TREE, YAML, tree
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def import_file(text=YAML, name="exam.yaml", beside=None, **options):
    data = text.encode() if isinstance(text, str) else text
    files = {"triangle.svg": SVG} if beside is None else beside
    return import_exam_file(data=data, name=name, beside=files, actor=None, now=NOW, **options)


def import_tree(changed=TREE, figures=(), **options):
    return import_exam_tree(tree=changed, figures=dict(figures), actor=None, now=NOW, **options)


def rows():
    return [model.objects.count() for model in (Contest, Exam, TimeBlock, Figure, Problem, StatementVersion)]


def test_import_exam_file_makes_the_exam():
    imported = import_file()
    exam = Exam.objects.get(pk=imported.exam_id)
    assert (exam.slug, exam.title, exam.status) == ("spring-2026", "Spring Round", "ready")
    assert exam.contest.slug == "spring-2026"
    assert "<em>clearly</em>" in exam.instructions_html
    assert [block.name for block in exam.time_blocks.all()] == ["Europe", "Americas"]
    assert [problem.kind for problem in exam.problems.all()] == ["choice", "integer", "expression", "proof"]
    assert exam.problems.get(number=2).accepted == ["28", "028"]
    assert exam.problems.get(number=3).max_points == Decimal("2.5")
    statement = StatementVersion.objects.get(problem__exam=exam, problem__number=1)
    assert (statement.version, statement.since_version, statement.renderer) == (1, 1, RENDERER)
    assert statement.created_at == NOW
    assert 'translate="no"' in statement.choices_html[0]
    figure = Figure.objects.get(exam=exam)
    assert f'<img src="/exam/figures/{figure.public_id}/" alt="A triangle">' in statement.html
    assert (figure.width, figure.height) == (40, 30)
    assert (imported.problem_count, imported.time_block_count, imported.figure_count) == (4, 2, 1)
    assert imported.total_points == Decimal("19.5")


def test_import_exam_tree_records_who_did_it():
    actor = factories.UserFactory()
    import_exam_tree(tree=TREE, figures={}, actor=actor, now=NOW)
    assert StatementVersion.objects.filter(created_by=actor).count() == 2


def test_import_exam_tree_does_not_share_a_contest_of_the_same_name():
    factories.ContestFactory(slug="spring-2026")
    exam = Exam.objects.get(pk=import_tree().exam_id)
    assert exam.contest.slug == "spring-2026-2"


def test_import_exam_tree_writes_nothing_on_a_dry_run():
    before = rows()
    imported = import_tree(dry_run=True)
    assert imported.exam_id is None
    assert imported.problem_count == 2
    assert rows() == before


def test_import_exam_tree_refuses_an_exam_that_exists():
    import_tree()
    before = rows()
    for dry_run in (False, True):
        with pytest.raises(ExamExists, match="There is already an exam spring-2026"):
            import_tree(dry_run=dry_run)
    assert rows() == before


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            YAML.replace("title: Spring", "titel: Spring"),
            ["titel (line 3): unknown key", "title (line 1): is missing"],
        ),
        (
            YAML.replace("accepted:\n  - B", "accepted:\n  - X"),
            ["problem 1, accepted (line 33): “X” is not"],
        ),
        (
            YAML.replace("Prove that $n^2 + n$", "Prove that $n^2 + \\foo$"),
            [r"problem 4, statement (line 58): unknown command \foo at position 7 of the formula"],
        ),
        (
            YAML.replace(r"k=1}^{7} k$", r"k=1}^{7} k"),
            ["problem 2, statement (line 41), line 1 of the text: the formula opened by $ is never closed"],
        ),
        (YAML.replace("$91$", "$\\bar$"), ["problem 1, choice A, text (line 30)"]),
        (
            YAML.replace("triangle.svg", "square.svg"),
            ["problem 1, statement (line 27): there is no figure named"],
        ),
        (YAML.replace("title: Spring Round", "title: [Spring"), ["exam.yaml: line "]),
        ("", ["exam.yaml: holds no exam"]),
        ("just text", ["the file (line 1): expected a mapping"]),
    ],
)
def test_import_exam_file_names_the_place_of_every_fault(text, faults):
    before = rows()
    with pytest.raises(ExamFileInvalid) as refusal:
        import_file(text)
    assert len(refusal.value.faults) == len(faults)
    for told, expected in zip(refusal.value.faults, faults, strict=True):
        assert told.startswith(expected) or expected in told
    assert rows() == before


def test_import_exam_tree_tells_all_faults_of_all_texts():
    changed = tree(
        instructions="$x",
        **{
            "problems.0.statement": "$\\foo$",
            "problems.0.choices.1.text": "$$",
            "problems.1.solution": "[a](b)",
        },
    )
    with pytest.raises(ExamFileInvalid) as refusal:
        import_tree(changed)
    assert [fault.split(", line")[0] for fault in refusal.value.faults] == [
        "instructions",
        "problem 1, statement",
        "problem 1, choice B, text",
        "problem 2, solution",
    ]


def test_import_exam_tree_tells_what_cannot_be_read_and_what_cannot_be_shown_together():
    import_tree()
    changed = tree(
        zone="Berlin",
        **{"problems.0.number": 0, "problems.0.statement": "$\\foo$", "problems.1.statement": "$"},
    )
    with pytest.raises(ExamFileInvalid) as refusal:
        import_tree(changed)
    assert [fault.split(": ")[0] for fault in refusal.value.faults] == [
        "zone",
        "problem 0, number",
        "problem 0, statement, line 1 of the text",
        "problem 2, statement, line 1 of the text",
        "slug",
    ]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        (
            "t.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
            "figure t.svg: The drawing holds a handler",
        ),
        ("t.png", SVG, "figure t.png: A figure is named by letters"),
        ("t.svg", b"GIF89a", "figure t.svg: This file is neither"),
        ("a_b.jpg", SVG, "figure a_b.jpg: A figure is named by letters"),
    ],
)
def test_import_exam_tree_refuses_figures(name, data, message):
    with pytest.raises(ExamFileInvalid) as refusal:
        import_tree(tree(**{"problems.0.statement": f"![t]({name})"}), {name: data})
    assert refusal.value.faults[0].startswith(message)


def test_import_exam_file_takes_a_zip_with_its_figures():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("spring/exam.yaml", YAML)
        archive.writestr("spring/triangle.svg", SVG)
        archive.writestr("spring/unused.svg", SVG)
    assert import_file(out.getvalue(), "spring.zip", beside={}).figure_count == 1


def exported():
    exam = export_exam(exam_id=Exam.objects.get(slug="spring-2026").pk)
    return exam.as_yaml(), exam.as_json(), exam.as_zip(), exam.figures


def forget():
    for model in (StatementVersion, Figure, Problem, TimeBlock, Exam, Contest):
        model.objects.all().delete()


PERSONAL = tree(
    clock="personal",
    duration_minutes=90,
    late_start="full_time",
    blind=False,
    results="list",
    grace_seconds=0,
    title="Ünïcödé: “quotes”, #hash & 007",
    instructions="# Rules\n\n* one\n* two \\$\n\n  trailing  \n",
    **{
        "problems.0.statement": "- starts like a list\n\ttab, 数学, 𝔸 and a very long line " + "x " * 200,
        "problems.0.note": "Corrected: yes",
        "problems.1.accepted": ["007", "-7"],
        "problems.1.not_counted": "It was wrong.",
        "problems.1.max_points": "0.25",
        "problems.1.pages": True,
    },
)


@pytest.mark.parametrize("source", ["yaml", "personal"])
@pytest.mark.parametrize("way", ["yaml", "json", "zip"])
def test_export_of_an_import_of_an_export_is_the_same(source, way):
    if source == "yaml":
        import_file()
    else:
        import_tree(PERSONAL)
    first = exported()
    as_yaml, as_json, as_zip, figures = first
    forget()
    data = {"yaml": as_yaml, "json": as_json, "zip": as_zip}[way]
    import_file(data, f"again.{way}", beside=figures)
    assert exported() == first


def test_export_exam_writes_the_tree_of_the_contract():
    import_file()
    text, as_json, _, figures = exported()
    tree = json.loads(as_json)
    assert list(tree)[:5] == ["format", "slug", "title", "zone", "clock"]
    assert tree["time_blocks"][0]["opens_at"] == "2026-03-14T15:00:00+01:00"
    assert tree["time_blocks"][1] == {
        "name": "Americas",
        "zone": "America/New_York",
        "opens_at": "2026-03-14T15:00:00-04:00",
        "last_entry_at": "2026-03-14T16:00:00-04:00",
        "closes_at": "2026-03-14T18:00:00-04:00",
    }
    assert [problem["max_points"] for problem in tree["problems"]] == ["3", "7", "2.5", "7"]
    assert tree["problems"][3]["pages"] is True
    assert b"statement: |\n    Let $n$ be an integer.\n\n    Prove that" in text
    assert set(figures) == {"triangle.svg"}


def test_export_exam_leaves_out_figures_that_nothing_shows():
    import_file()
    factories.FigureFactory(exam=Exam.objects.get(), name="unused.svg")
    assert set(exported()[3]) == {"triangle.svg"}


def test_export_exam_gives_the_newest_statement():
    problem = factories.ProblemFactory(exam__slug="spring-2026", number=1)
    factories.StatementVersionFactory(problem=problem, version=2, source="Newer.", html="<p>Newer.</p>")
    assert json.loads(exported()[1])["problems"][0]["statement"] == "Newer."


def test_export_exam_takes_the_same_number_of_queries_for_more_problems(django_assert_num_queries):
    import_tree()
    exam = Exam.objects.get()
    with django_assert_num_queries(8):
        export_exam(exam_id=exam.pk)
    for number in (11, 12, 13):
        factories.ProblemFactory(exam=exam, number=number)
    with django_assert_num_queries(8):
        export_exam(exam_id=exam.pk)
