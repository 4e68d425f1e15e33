"""What every view of the API starts from."""

from typing import Any, ClassVar

from rest_framework.views import APIView

from apps.core import guards


class ApiView(APIView):
    """A view that declares its guard like every other."""

    guard: ClassVar[guards.Guard]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return guards.guarded_by(cls.guard)(super().as_view(**initkwargs))
