"""The reviewed table of rights, `rights.txt`: reading it, and the rows that its lines talk of."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.test import RequestFactory
from django.test.client import ClientHandler
from django.urls import URLPattern, get_resolver, reverse

from apps.exams.enums import ResultsPolicy
from apps.exams.models import Exam
from apps.submissions.models import Receipt
from apps.submissions.services.submitting import submit_paper
from tests import factories

TABLE = Path(__file__).with_name("rights.txt")
ROLES = (
    "anonymous",
    "contestant",
    "nobody",
    "observer",
    "proctor",
    "grader",
    "lead_grader",
    "organiser",
    "superuser",
)
METHODS = ("GET", "POST")
OTHER_WRITES = ("PUT", "PATCH", "DELETE")
HANDLER = ClientHandler(enforce_csrf_checks=False)

# Words that stand in every text of an exam, so that a page which shows one of them is caught.
OF_OWN, OF_OTHER = "Owlbury", "Quuxford"
NAME = "Secretname"  # of every contestant


@dataclass(frozen=True)
class Line:
    """One line of the table: what each role is answered for its own exam's object."""

    route: str
    query: str
    method: str
    kinds: tuple[str, ...]
    expected: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.route}{self.query} {'+'.join(self.kinds)}".strip()


def read_table(text: str) -> list[Line]:
    lines = []
    for row in text.splitlines():
        if not row.strip() or row.startswith("#"):
            continue
        name, methods, kinds, *cells = row.split()
        assert len(cells) == len(ROLES), f"{row!r} has {len(cells)} cells for {len(ROLES)} roles"
        route, _, query = name.partition("?") if ":" in name else (name, "", "")
        lines += [
            Line(
                route=route,
                query=f"?{query}" if query else "",
                method=method,
                kinds=() if kinds == "-" else tuple(kinds.split("+")),
                expected=dict(zip(ROLES, cells, strict=True)),
            )
            for method in methods.split(",")
        ]
    return lines


def walk_routes(patterns=None, prefix="", namespace=""):
    """Every route: by its name, or by its pattern where it has none; with what has to be filled in."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        path = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield (f"{namespace}{pattern.name}" if pattern.name else f"/{path}"), pattern
        else:
            inside = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from walk_routes(pattern.url_patterns, path, inside)


def methods_of(pattern) -> tuple[str, ...]:
    """What the table has of each route, and what else a view of the API takes."""
    view = getattr(pattern.callback, "cls", None)
    return METHODS + tuple(method for method in OTHER_WRITES if hasattr(view, method.lower()))


def address(line: Line, values: list) -> str:
    """Where a line's route is, with these values in the places of its parameters."""
    if not line.route.startswith("/"):
        return reverse(line.route, args=values) + line.query
    path = line.route.replace("(?P<url>.*)$", "<url>")
    for value in values:
        before, _, rest = path.partition("<")
        path = f"{before}{value}{rest.partition('>')[2]}"
    return path + line.query


@dataclass(frozen=True)
class Answer:
    """What somebody was told: the status in the table's words, and the page."""

    path: str
    told: str
    body: str


def answer_to(method: str, path: str, credentials: dict[str, str]) -> Answer:
    """Ask as a browser or a program would. Not by the test client: it copies every template's context."""
    request = RequestFactory().generic(method, path, **credentials)
    response = HANDLER(request.environ)
    told = str(response.status_code)
    if told == "302":
        words = {
            reverse("admin:login"): "login",
            reverse("access:entry"): "entry",
            f"{path}change/": "page",
        }
        told = words.get(urlsplit(response["Location"]).path, told)
    return Answer(path=path, told=told, body=response.content.decode())


class Objects(dict):
    """The rows of one exam, as they stand in addresses; `'text'` stands for itself."""

    def values_for(self, kinds) -> list:
        return [kind.strip("'") if kind.startswith("'") else self[kind] for kind in kinds]


def token_headers(token) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


MISSING = Objects(
    dict.fromkeys(
        [
            "accesskey",
            "act",
            "answer",
            "contestant",
            "exam",
            "figure",
            "keybatch",
            "problem",
            "publication",
            "registration",
            "revision",
            "school",
            "submission",
            "task",
            "timeblock",
        ],
        987_654_321,
    ),
    drawing="00000000-0000-4000-8000-000000000000",
    slug="no-such-exam",
)


def make_objects(word: str) -> tuple[Objects, Receipt]:
    """An exam with one row of everything, all of whose texts carry the word; and the paper's receipt."""
    now = factories.NOW
    exam = factories.ExamFactory(
        title=f"{word} Round",
        slug=word.lower(),
        contest__title=f"{word} Contest",
        instructions=word,
        instructions_html=f"<p>{word}</p>",
    )
    block = factories.TimeBlockFactory(exam=exam, name=f"{word} block")
    problem = factories.ProblemFactory(
        exam=exam, number=1, accepted=[f"{word} accepted"], solution=word, statement=None
    )
    factories.StatementVersionFactory(problem=problem, source=word, html=f"<p>{word}</p>")
    figure = factories.FigureFactory(exam=exam, name=f"{word.lower()}.svg")
    school = factories.SchoolFactory(contest=exam.contest, code=word[:6], name=f"{word} School")
    contestant = factories.ContestantFactory(
        contest=exam.contest, number=1, name=f"{word} {NAME}", external_id=f"{word}-1", school=school
    )
    registration = factories.RegistrationFactory(exam=exam, contestant=contestant, time_block=block)
    key = factories.AccessKeyFactory(contestant=contestant, hint=word[:4].upper(), redeemed_at=now)
    paper = factories.SubmissionFactory(registration=registration)
    answer = factories.AnswerFactory(submission=paper, problem=problem, text=f"{word} answer", revision=1)
    revision = factories.AnswerRevisionFactory(answer=answer, text=answer.text)
    receipt = submit_paper(submission_id=paper.pk, now=now)
    task = factories.GradingTaskFactory(answer=answer)
    act = factories.ScoringActFactory(problem=problem, text=f"{word} answer")
    publication = factories.PublicationFactory(exam=exam, withdrawn_at=now, withdrawn_reason=word)
    objects = Objects(
        accesskey=key.pk,
        act=act.pk,
        answer=answer.pk,
        contestant=contestant.pk,
        drawing=figure.public_id,
        exam=exam.pk,
        figure=figure.pk,
        keybatch=key.batch_id,
        problem=problem.pk,
        publication=publication.pk,
        registration=registration.pk,
        revision=revision.pk,
        school=school.pk,
        slug=exam.slug,
        submission=paper.pk,
        task=task.pk,
        timeblock=block.pk,
    )
    return objects, receipt


def site_wide_objects(receipt) -> Objects:
    """Rows that belong to no exam, or to everybody who knows their code: there is no other exam's."""
    return Objects(
        examtype=ContentType.objects.get_for_model(Exam).pk,
        group=Group.objects.create(name="Helpers").pk,
        receipt=receipt.code,
        user=factories.UserFactory(username="somebody").pk,
    )


def published_exam() -> Exam:
    """An exam whose list of results is for everybody."""
    exam = factories.ExamFactory(title="Public Round", results=ResultsPolicy.PUBLIC)
    factories.PublicationFactory(exam=exam)
    return exam
