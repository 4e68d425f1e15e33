"""The page that is filled in is, byte for byte, the page that the template makes."""

import random
import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template import engines
from django.test import RequestFactory, override_settings

from apps.exams.enums import Phase, ProblemKind
from apps.exams.selectors.content import ChoiceContent, ExamContent, ProblemContent
from apps.submissions.selectors.paper import OwnAnswer, Paper, problem_of
from apps.submissions.views import paper_page
from tests import factories
from tests.factories import NOW
from tests.support.entering import enter

TEXTS = (
    "",
    "42",
    "A",
    "B",
    " ",
    "x < y & \"z\" 'w'",
    "</textarea><script>",
    "naïve 数学 \U0001f600",
    "a\nb\n",
)
NAMES = ("", "Ana Kovač", "<b>Robert'); --</b>")


def some_paper(chance: random.Random) -> Paper:
    """A paper with anything in it that a paper can hold."""
    problems = tuple(
        ProblemContent(
            problem_id=100 + number,
            number=number,
            kind=chance.choice(ProblemKind.values),
            max_points=chance.choice(["1", "7", "6.5"]),
            statement_html=chance.choice(["", "<p>What is <i>x</i>?</p>"]),
            note=chance.choice(["", "Problem corrected: a < b"]),
            choices=tuple(
                ChoiceContent(label, f"<p>{label}</p>") for label in "ABCDE"[: chance.randrange(6)]
            ),
        )
        for number in range(1, chance.randrange(2, 12))
    )
    content = ExamContent(
        exam_id=chance.randrange(1, 1000),
        version=chance.randrange(1, 1000),
        title=chance.choice(["Spring Round", "<Round> & more"]),
        instructions_html=chance.choice(["", "<p>Be calm.</p>"]),
        problems=problems,
    )
    answers = [
        OwnAnswer(problem.problem_id, problem.number, chance.choice(TEXTS), chance.randrange(3000))
        for problem in problems
    ]
    return Paper(
        pk=1,
        submission_id=str(uuid.UUID(int=chance.getrandbits(128))),
        content=content,
        contestant_number=f"{chance.randrange(10_000):04}",
        contestant_name=chance.choice(NAMES),
        is_tester=chance.random() < 0.3,
        problems=tuple(problem_of(answer, content) for answer in answers),
        now=NOW + timedelta(microseconds=chance.choice([0, 123])),
        deadline_at=NOW + timedelta(seconds=chance.randrange(10_000)),
        grace_seconds=chance.randrange(600),
        zone=chance.choice(["Europe/Berlin", "Asia/Kathmandu", "UTC"]),
        notices=chance.randrange(2000),
        phase=chance.choice([Phase.OPEN, Phase.CLOSING]),
        journal_key="k" * 43,
    )


def open_page(paper: Paper) -> tuple[HttpRequest, paper_page.Opened]:
    request = RequestFactory().get("/exam/paper/")
    request._messages = []
    get_token(request)
    return request, paper_page.Opened(paper, uuid.uuid4(), "token:with.signature", {})


def pages_of(request, opened):
    """The page as it is filled in, and as the template makes it."""
    shape, texts = paper_page.shape_of(opened.paper), paper_page.own_texts(opened)
    # The token of a form is masked anew each time it is asked for.
    texts["csrf_token"] = "once"
    whole = {"paper": paper_page.context_of(shape, texts.__getitem__, {}), "csrf_token": "once"}
    return (
        paper_page.slotted(shape).fill(texts).decode(),
        paper_page.render_to_string(paper_page.TEMPLATE, whole),
    )


@pytest.mark.parametrize("seed", range(60))
def test_the_filled_page_is_the_rendered_page(seed):
    filled, rendered = pages_of(*open_page(some_paper(random.Random(seed))))
    assert filled == rendered


@pytest.mark.parametrize(
    "careless",
    [
        '{% if problem.answer.text == "42" %}forty-two{% endif %}',
        "{{ problem.answer.text|length }}",
        "{{ problem.answer.text|upper }}",
        "{{ problem.answer.text|safe }}",
    ],
)
def test_control_a_template_that_looks_at_an_answer_is_found_out(monkeypatch, careless):
    """What a template must not do; the comparison above would notice it."""
    template = engines["django"].from_string(
        "{% for problem in paper.problems %}" + careless + "{% endfor %}"
    )
    monkeypatch.setattr(
        paper_page, "render_to_string", lambda name, context, request=None: template.render(context, request)
    )
    pages = [pages_of(*open_page(some_paper(random.Random(seed)))) for seed in range(60)]
    assert any(filled != rendered for filled, rendered in pages)


def test_the_page_that_is_kept_holds_nothing_of_a_contestant():
    paper = some_paper(random.Random(7))
    _, opened = open_page(paper)
    kept = b"".join(paper_page.slotted(paper_page.shape_of(paper)).literals).decode()
    own = paper_page.own_texts(opened)
    telling = ("submission_id", "device", "save_token", "journal_key", "now", "deadline", "zone")
    assert [name for name in telling if own[name] in kept] == []


@pytest.mark.django_db
def test_a_page_with_nothing_to_add_is_the_same_either_way(client, now):
    """Through the view: what it fills in, and what it renders as a whole for a developer."""
    answer = factories.AnswerFactory(text="42", revision=3)
    enter(client, answer.submission.registration)
    with time_machine.travel(now, tick=False):
        filled = client.get("/exam/paper/").content.decode()
        with override_settings(DEBUG=True):
            rendered = client.get("/exam/paper/").content.decode()
    # What is new with every opening.
    each_time = r'(name="(?:csrfmiddlewaretoken|device|op-1)" value|data-(?:device|save-token))="[^"]+"'
    assert re.subn(each_time, r"\1", filled) == re.subn(each_time, r"\1", rendered)
    assert len(re.findall(each_time, filled)) == 5
