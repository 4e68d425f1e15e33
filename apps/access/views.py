"""The way in and out: the entry page, redeeming a key, choosing an exam, leaving."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from apps.access import gate
from apps.access.gate import ContestantRequest, contestant_required
from apps.access.selectors.entry import find_registration
from apps.access.services.entry import KeyReplaced, KeyUnknown, redeem_key
from apps.core.counting import counted
from apps.core.guards import public
from apps.core.throttle import client_address


@public
@require_safe
def entry(request: HttpRequest) -> HttpResponse:
    """Ask for the key, or whom this browser belongs to."""
    return show_entry(request)


@public
@sensitive_post_parameters("key")
@require_POST
def enter(request: HttpRequest) -> HttpResponseBase:
    """Let in whoever has a key, and whoever says that the lasting cookie is theirs."""
    now = timezone.now()
    if "continue" in request.POST:
        who = gate.remembered(request, now=now)
        if who is None:
            return gate.turned_away(request, known=False)
        return go_on(
            key_id=who.contestant.key_id,
            epoch=who.contestant.epoch,
            registration_id=who.contestant.registration_id,
        )
    try:
        redeemed = redeem_key(typed=request.POST.get("key", ""), now=now)
    except KeyReplaced as refusal:
        return show_entry(request, refusal=str(refusal), status=403)
    except KeyUnknown as refusal:
        # Only failures are counted: whoever has a right key is let in, however many others mistype.
        seconds = gate.FAILURES.count_failure(client_address(request), now=now)
        if seconds is None:
            return show_entry(request, refusal=str(refusal), status=422)
        sentence = f"Too many wrong keys came from this network. Try again in {counted(seconds, 'second')}."
        response = show_entry(request, refusal=sentence, status=429)
        response.headers["Retry-After"] = str(seconds)
        return response
    return go_on(key_id=redeemed.key_id, epoch=redeemed.epoch, registration_id=redeemed.next_registration_id)


@contestant_required
@require_POST
def choose(request: ContestantRequest) -> HttpResponseBase:
    """Go to another exam of the same key, named by its slug or id."""
    contestant = request.contestant
    chosen = find_registration(contestant_id=contestant.contestant_id, exam=request.POST.get("exam", ""))
    if chosen is None:
        raise Http404
    return go_on(key_id=contestant.key_id, epoch=contestant.epoch, registration_id=chosen)


@public
@require_POST
def leave(request: HttpRequest) -> HttpResponseBase:
    """Forget the contestant on this device. What is unsent stays in its outbox and is still sent."""
    response = redirect("access:entry")
    gate.sign_out(response)
    return response


def go_on(*, key_id: int, epoch: int, registration_id: int | None) -> HttpResponseBase:
    response = redirect(settings.CONTESTANT_HOME_URL)
    gate.sign_in(response, key_id=key_id, epoch=epoch, registration_id=registration_id, now=timezone.now())
    return response


def show_entry(request: HttpRequest, *, refusal: str = "", status: int = 200) -> HttpResponse:
    """The key is never sent back: it would stand in the page for whoever comes next."""
    context = {
        "who": gate.remembered(request, now=timezone.now()),
        "again": "again" in request.GET,
        "refusal": refusal,
    }
    return render(request, "access/entry.html", context, status=status)
