"""How contestants are named in public."""

import pytest

from apps.access.rules.people import printed_number, short_name


@pytest.mark.parametrize(("number", "printed"), [(1, "0001"), (417, "0417"), (12345, "12345")])
def test_printed_number_has_four_digits_or_more(number, printed):
    assert printed_number(number) == printed


@pytest.mark.parametrize(
    ("name", "short"),
    [("Ana Kovač", "Ana K."), ("Ana Maria Kovač", "Ana K."), ("Ana", "Ana"), ("", ""), ("  ", "")],
)
def test_short_name_is_for_a_screen_that_neighbours_read(name, short):
    assert short_name(name) == short
