"""A batch belongs to the exam it was issued for, and remembers the page that asked for it."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def find_exams(apps, schema_editor):
    """The exam of a batch's first contestant; a batch that issued nothing is no batch."""
    KeyBatch = apps.get_model("access", "KeyBatch")
    Registration = apps.get_model("access", "Registration")
    registrations = Registration.objects.filter(contestant__keys__batch=OuterRef("pk")).order_by("exam")
    KeyBatch.objects.update(exam=Subquery(registrations.values("exam")[:1]))
    KeyBatch.objects.filter(exam=None, keys=None).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0002_initial"),
        ("exams", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="keybatch",
            name="request",
            field=models.UUIDField(blank=True, editable=False, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="keybatch",
            name="exam",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="exams.exam"
            ),
        ),
        migrations.RunPython(find_exams, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="keybatch",
            name="exam",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="exams.exam"
            ),
        ),
        migrations.RemoveField(model_name="keybatch", name="contest"),
    ]
