"""import_exam and export_exam as an operator runs them."""

import io

import pytest
from django.core.management import CommandError, call_command

from apps.exams.models import Exam
from tests.exams.papers import SVG, YAML

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "exam.yaml").write_text(YAML)
    (tmp_path / "triangle.svg").write_bytes(SVG)
    return tmp_path


def run(*arguments):
    err = io.StringIO()
    call_command(*map(str, arguments), stderr=err)
    return err.getvalue()


def test_import_exam_takes_figures_from_beside_the_file(folder):
    assert "Spring Round (spring-2026) imported: 4 problems worth 19.5 points" in run(
        "import_exam", folder / "exam.yaml"
    )
    assert Exam.objects.get().figures.count() == 1


def test_import_exam_dry_run_writes_nothing(folder):
    assert "would be imported" in run("import_exam", folder / "exam.yaml", "--dry-run")
    assert not Exam.objects.exists()


def test_import_exam_refuses_a_missing_file(folder):
    with pytest.raises(CommandError, match="No such file"):
        run("import_exam", folder / "no.yaml")


def test_import_exam_lists_the_faults(folder):
    (folder / "exam.yaml").write_text(YAML.replace("zone: Europe/Berlin", "zone: Berlin"))
    with pytest.raises(CommandError, match=r"zone \(line 4\): “Berlin” is not a time zone"):
        run("import_exam", folder / "exam.yaml")


@pytest.mark.parametrize("name", ["../secret.svg", "/etc/hostname.svg", "sub/t.svg"])
def test_import_exam_takes_no_figure_from_elsewhere(folder, name):
    (folder / "sub").mkdir()
    for path in (folder / "sub" / "t.svg", folder.parent / "secret.svg"):
        path.write_bytes(SVG)
    (folder / "exam.yaml").write_text(YAML.replace("triangle.svg", name))
    with pytest.raises(CommandError, match="there is no figure named"):
        run("import_exam", folder / "exam.yaml")


@pytest.mark.parametrize("suffix", ["yaml", "yml", "json", "zip"])
def test_export_exam_writes_what_import_exam_reads(folder, suffix):
    run("import_exam", folder / "exam.yaml")
    out = folder / "out"
    out.mkdir()
    assert "spring-2026 written to" in run("export_exam", "spring-2026", "--out", out / f"exam.{suffix}")
    first = (out / f"exam.{suffix}").read_bytes()
    assert (out / "triangle.svg").exists() is (suffix != "zip")
    Exam.objects.all().delete()
    run("import_exam", out / f"exam.{suffix}")
    run("export_exam", "spring-2026", "--out", out / f"exam.{suffix}")
    assert (out / f"exam.{suffix}").read_bytes() == first


def test_export_exam_refuses(folder):
    run("import_exam", folder / "exam.yaml")
    with pytest.raises(CommandError, match="There is no exam nothing"):
        run("export_exam", "nothing", "--out", folder / "x.yaml")
    with pytest.raises(CommandError, match=r"ends in none of \.yaml, \.json, \.zip"):
        run("export_exam", "spring-2026", "--out", folder / "x.txt")
    with pytest.raises(CommandError, match="No such file or directory"):
        run("export_exam", "spring-2026", "--out", folder / "nowhere" / "x.zip")


def test_export_exam_goes_beside_its_own_source(folder):
    """The figure there is as it was drawn, ours as it was cleaned: the same one."""
    drawn = SVG.replace(b"<svg ", b"<!-- by hand -->\n<svg ")
    (folder / "triangle.svg").write_bytes(drawn)
    run("import_exam", folder / "exam.yaml")
    assert "with 1 figure." in run("export_exam", "spring-2026", "--out", folder / "exam.yaml")
    assert (folder / "triangle.svg").read_bytes() == drawn


def test_import_exam_counts_one_as_one(folder):
    told = run("import_exam", folder / "exam.yaml", "--dry-run")
    assert "4 problems worth 19.5 points, 2 time blocks, 1 figure." in told


def test_export_exam_overwrites_no_other_figure(folder):
    run("import_exam", folder / "exam.yaml")
    (folder / "triangle.svg").write_bytes(b"mine")
    with pytest.raises(CommandError, match=r"triangle\.svg is another figure of that name"):
        run("export_exam", "spring-2026", "--out", folder / "copy.yaml")
    assert not (folder / "copy.yaml").exists()
