"""From the cover to the receipt."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.access.gate import ContestantRequest, contestant_required
from apps.core import guards
from apps.core.errors import RuleViolation
from apps.exams.enums import Phase
from apps.submissions.selectors.cover import get_cover
from apps.submissions.selectors.receipts import find_receipt, get_own_receipt
from apps.submissions.services import starting, submitting
from apps.submissions.views.paper import own_paper


@contestant_required
@require_safe
def cover(request: ContestantRequest) -> HttpResponse:
    """The cover, the waiting room, and the way to the other exams of the same key."""
    return show_cover(request)


@contestant_required
@require_POST
def start(request: ContestantRequest) -> HttpResponse:
    """Start the clock, or go on with a paper that runs."""
    if request.contestant.registration_id is None:
        return redirect("submissions:cover")
    try:
        starting.start_paper(registration_id=request.contestant.registration_id, now=timezone.now())
    except RuleViolation as refusal:
        return show_cover(request, refusal=refusal, status=409)
    return redirect("submissions:paper")


@contestant_required
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: ContestantRequest) -> HttpResponse:
    """Show what is blank and ask; then hand in. It carries nothing unsent."""
    if request.method == "POST":
        return hand_in(request)
    shown = own_paper(request)
    if shown is None:
        return redirect("submissions:cover")
    if shown.phase == Phase.CLOSED:
        return redirect("submissions:receipt")
    return render(request, "submissions/submit.html", {"summary": shown})


def hand_in(request: ContestantRequest) -> HttpResponse:
    registration_id = request.contestant.registration_id
    if registration_id is None:
        return redirect("submissions:cover")
    try:
        submitting.submit_own_paper(registration_id=registration_id, now=timezone.now())
    except submitting.NotStarted:
        return redirect("submissions:cover")
    except RuleViolation as refusal:
        return render(request, "submissions/paper_closed.html", {"refusal": refusal}, status=409)
    return redirect("submissions:receipt")


@contestant_required
@require_safe
def receipt(request: ContestantRequest) -> HttpResponse:
    """The receipt of a closed paper. Whom time closed gets it a few seconds after the grace."""
    return show_receipt(request)


def show_receipt(request: ContestantRequest) -> HttpResponse:
    registration_id = request.contestant.registration_id
    issued = None if registration_id is None else get_own_receipt(registration_id=registration_id)
    if issued is None:
        return receipt_to_come(request)
    return render(request, "submissions/receipt.html", {"receipt": issued})


def receipt_to_come(request: ContestantRequest) -> HttpResponse:
    """Without a receipt: there is no closed paper, or whoever asks first after its end has it recorded."""
    shown = own_paper(request)
    if shown is None:
        return redirect("submissions:cover")
    if shown.phase != Phase.CLOSED:
        return redirect("submissions:paper")
    try:
        submitting.close_by_time(submission_id=shown.pk, now=timezone.now())
    except submitting.StillOpen:
        # Between the grace and the last save that may be on its way: the page asks again by itself.
        soon = render(request, "submissions/receipt_soon.html", {"paper": shown})
        soon.headers["Refresh"] = "3"
        return soon
    return show_receipt(request)


@guards.public
@require_safe
def receipt_public(request: HttpRequest, code: str) -> HttpResponse:
    """What anybody may check about a receipt: it is genuine, and what it certifies. No answers."""
    found = find_receipt(code=code)
    context = {"receipt": found, "code": code}
    return render(request, "submissions/receipt_public.html", context, status=200 if found else 404)


@guards.public
@require_safe
def receipt_file(request: HttpRequest, code: str) -> HttpResponse:
    """The receipt as a file, for `verify_receipt` and for anybody with the public key."""
    found = find_receipt(code=code)
    if found is None:
        raise Http404
    tree = {"body": found.body, "signature": found.signature, "public_key": found.public_key}
    response = JsonResponse(tree, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{found.code}.json"'
    return response


def show_cover(
    request: ContestantRequest, *, refusal: RuleViolation | None = None, status: int = 200
) -> HttpResponse:
    shown = get_cover(contestant=request.contestant, now=timezone.now())
    if shown is None:
        return render(request, "submissions/no_exam.html", status=404)
    return render(request, "submissions/cover.html", {"cover": shown, "refusal": refusal}, status=status)
