"""The call that every keystroke on a page arrives with (CONTRACT, "Saving")."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.core import guards
from apps.submissions import gate


@csrf_exempt  # a bearer token authenticates, never a cookie: there is nothing to forge
@guards.guarded_by("token")
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep a batch of edits, in the name of the paper that the page's token was made for."""
    save_pass = gate.read_save_token(request)
    return gate.signed_out() if save_pass is None else gate.save_as(save_pass, request)
