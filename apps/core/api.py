"""What every view of the API starts from."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import guards


class ApiView(APIView):
    """A view that declares its guard like every other, and whose answers nobody keeps."""

    guard: ClassVar[guards.Guard]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return guards.guarded_by(cls.guard)(super().as_view(**initkwargs))

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers["Cache-Control"] = "no-store, private"
        return final
