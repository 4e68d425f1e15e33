"""Pages with slots."""

import pytest

from apps.core.slots import SlottedPage


def greeting(own):
    return f'<p>Grüße, {own("name")}!</p><input value="{own("name")}">{own("end")}'


def test_fill_puts_each_value_where_its_name_stood():
    page = SlottedPage(greeting)
    assert page.fill({"name": "Ana", "end": ""}).decode() == '<p>Grüße, Ana!</p><input value="Ana">'


def test_fill_escapes_as_templates_do():
    assert b"<script>" not in SlottedPage(greeting).fill({"name": "\"><script>'&", "end": ""})


def test_fill_refuses_to_leave_a_slot_open():
    with pytest.raises(KeyError):
        SlottedPage(greeting).fill({"name": "Ana"})


def test_no_text_can_pass_for_a_mark():
    """A mark is new for each page: the one of another, or a name, is text like any other."""
    marks = []
    SlottedPage(lambda own: marks.append(own("name")) or "")
    page = SlottedPage(lambda own: f"{marks[0]} name {own('name')}")
    assert page.fill({"name": marks[0]}).decode() == f"{marks[0]} name {marks[0]}"
