"""Exams from files, into files, and from one another; and the figures of one."""

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone

from apps.core.errors import RuleViolation
from apps.core.guards import guarded_by
from apps.exams.admin.base import OfExamAdmin, exam_or_404
from apps.exams.forms.files import DuplicateForm, ImportForm
from apps.exams.models import Exam, ExamUpload
from apps.exams.rules import roles
from apps.exams.rules.shifting import local_time
from apps.exams.selectors.figures import list_figures
from apps.exams.services import uploading
from apps.exams.services.duplicating import SlugTaken, duplicate_exam
from apps.exams.services.exporting import export_exam
from apps.exams.services.importing import ExamFileInvalid

if TYPE_CHECKING:
    Base = OfExamAdmin[Exam]
else:
    Base = object

MEDIA_TYPES = {"zip": "application/zip", "yaml": "application/yaml", "json": "application/json"}


class FilePages(Base):
    def file_pages(self) -> list[URLPattern]:
        return [
            self.page("<int:exam_id>/figures/", self.figures_view, "exams_exam_figures"),
            self.page("<int:exam_id>/duplicate/", self.duplicate_view, "exams_exam_duplicate"),
            self.page("<int:exam_id>/export/", self.export_view, "exams_exam_export"),
            self.page("<int:exam_id>/export/<str:ending>/", self.download_view, "exams_exam_download"),
            self.page("import/", self.upload_view, "exams_exam_upload"),
            self.page("import/<int:upload_id>/", self.import_view, "exams_exam_import"),
        ]

    @guarded_by("staff")
    def figures_view(self, request: HttpRequest, exam_id: int) -> HttpResponse:
        exam = exam_or_404(request, exam_id, roles.READ)
        context = {
            "title": "Figures",
            "exam": exam,
            "figures": list_figures(exam.pk),
            "may_edit": request.user.has_perm(roles.EDIT, exam),
        }
        return self.show(request, "admin/exams/exam/figures.html", context)

    @guarded_by("staff")
    def duplicate_view(self, request: HttpRequest, exam_id: int) -> HttpResponse:
        exam = exam_or_404(request, exam_id, roles.EDIT)
        self._refuse_without_add(request)
        sent = request.POST if request.method == "POST" else None
        form = DuplicateForm(sent, initial={"title": exam.title})
        if request.method == "POST" and form.is_valid():
            try:
                copy = duplicate_exam(
                    exam_id=exam.pk,
                    slug=form.cleaned_data["slug"],
                    title=form.cleaned_data["title"],
                    first_opens_at=form.cleaned_data["first_opens_at"],
                    actor=cast("AbstractUser", request.user),
                    now=timezone.now(),
                )
            except SlugTaken as refusal:  # by somebody else, since the form was checked
                form.add_error("slug", str(refusal))
            else:
                messages.success(request, f"{copy.title} was made, as a draft.")
                return redirect("admin:exams_exam_change", copy.pk)
        first = exam.time_blocks.select_related("exam").order_by("opens_at").first()
        context = {
            "title": f"Duplicate {exam.title}",
            "exam": exam,
            "form": form,
            "block_count": exam.time_blocks.count(),
            "first": first,
            "first_opens_at": first and local_time(first.opens_at, first.zone_name),
            "not_counted": exam.problems.filter(not_counted=True).order_by("number"),
        }
        return self.show(request, "admin/exams/exam/duplicate.html", context)

    @guarded_by("staff")
    def export_view(self, request: HttpRequest, exam_id: int) -> HttpResponse:
        exam = exam_or_404(request, exam_id, roles.EDIT)
        context = {"title": f"Export {exam.title}", "exam": exam, "figure_count": exam.figures.count()}
        return self.show(request, "admin/exams/exam/export.html", context)

    @guarded_by("staff")
    def download_view(self, request: HttpRequest, exam_id: int, ending: str) -> HttpResponse:
        exam = exam_or_404(request, exam_id, roles.EDIT)
        if ending not in MEDIA_TYPES:
            raise Http404
        try:
            exported = export_exam(exam_id=exam.pk)
        except RuleViolation as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:exams_exam_export", exam.pk)
        content = {"zip": exported.as_zip, "yaml": exported.as_yaml, "json": exported.as_json}[ending]()
        name = f'attachment; filename="{exported.slug}.{ending}"'
        return HttpResponse(content, content_type=MEDIA_TYPES[ending], headers={"Content-Disposition": name})

    @guarded_by("staff")
    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """The first step: the file is checked, every fault is told, and nothing is written."""
        self._refuse_without_add(request)
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = ImportForm(*sent)
        faults: list[str] = []
        if request.method == "POST" and form.is_valid():
            try:
                upload = _keep(form, request)
            except ExamFileInvalid as refusal:
                faults = refusal.faults
            except RuleViolation as refusal:
                faults = [str(refusal)]
            else:
                return redirect("admin:exams_exam_import", upload.pk)
        context = {"title": "Import an exam", "form": form, "faults": faults}
        status = 422 if faults else 200
        return self.show(request, "admin/exams/exam/upload.html", context, status=status)

    @guarded_by("staff")
    def import_view(self, request: HttpRequest, upload_id: int) -> HttpResponse:
        """The second step: what the file would make, and the button that makes it."""
        self._refuse_without_add(request)
        user, now = cast("AbstractUser", request.user), timezone.now()
        step = uploading.import_upload if request.method == "POST" else uploading.preview_upload
        try:
            imported = step(upload_id=upload_id, actor=user, now=now)
        except uploading.UploadGone as refusal:
            raise Http404(str(refusal)) from refusal
        except RuleViolation as refusal:
            # It was right when it was kept: meanwhile somebody took its slug.
            messages.error(request, str(refusal))
            return redirect("admin:exams_exam_upload")
        if request.method == "POST":
            messages.success(request, f"{imported.title} was imported.")
            return redirect("admin:exams_exam_change", imported.exam_id)
        context = {"title": f"Import {imported.title}", "imported": imported, "draft": imported.draft}
        return self.show(request, "admin/exams/exam/import.html", context)

    def _refuse_without_add(self, request: HttpRequest) -> None:
        if not self.has_add_permission(request):
            raise PermissionDenied


def _keep(form: ImportForm, request: HttpRequest) -> ExamUpload:
    file, figures = form.cleaned_data["file"], form.cleaned_data["figures"]
    # Told by their sizes, before anything of them is in memory.
    if file.size + sum(figure.size for figure in figures) > uploading.MAX_UPLOAD_BYTES:
        raise uploading.UploadTooLarge
    return uploading.keep_upload(
        name=file.name,
        data=file.read(),
        figures={figure.name: figure.read() for figure in figures},
        actor=cast("AbstractUser", request.user),
        now=timezone.now(),
    )
