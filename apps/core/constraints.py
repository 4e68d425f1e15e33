"""Database constraints that many models want, under names that say what they hold."""

from django.db.models import CheckConstraint, Choices, Q


def only_choices(field: str, choices: type[Choices], *, blank: bool = False) -> CheckConstraint:
    """The column holds one of the choices (or, with `blank`, nothing).

    Django's `choices` bind forms only; the database refuses here what any other writer sends.
    """
    values = [*choices.values, ""] if blank else choices.values
    return CheckConstraint(
        condition=Q(**{f"{field}__in": values}), name=f"%(app_label)s_%(class)s_{field}_known"
    )
