"""A file on its way into an exam."""

from django.conf import settings
from django.db import models


class ExamUpload(models.Model):
    """A file that was checked and waits for a person to say: import it.

    It stands here and not on a disk, because the next request may reach another process. It goes when it is
    imported, and with the next upload once it is a day old.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
