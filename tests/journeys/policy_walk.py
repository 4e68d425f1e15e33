"""Walking from page to page and noting what the browser complains about; and which routes are no page."""

from urllib.parse import urlsplit

from django.urls import resolve
from playwright.sync_api import Page, Request

from tests.project.rights import TABLE, Line, read_table

# What stands in the browser's console about a page that is itself an error.
OWN_STATUS = "Failed to load resource: the server responded with a status of"
# Answers in rights.txt that are no page of the route itself.
NEVER = {"405", "403", "page", "login", "entry"}
# No other role is shown what none of these is.
STRONGEST = ("anonymous", "contestant", "superuser")

# Routes that answer GET, but not with a page of ours; each with its reason.
NO_PAGE = {
    "healthz": "A word for a probe.",
    "metrics": "Figures for a probe.",
    "/admin/": "Only leads to the console.",
    "/console/(?P<url>.*)$": "Whatever is not there; the walk of errors meets it.",
    "admin:view_on_site": "Django's, and no row has a page of its own: always 404.",
    "admin:logout": "Leads to the door; the page after a POST is walked.",
    "admin:autocomplete": "JSON for a field.",
    "admin:jsi18n": "A script.",
    "admin:exams_exam_download": "A file.",
    "admin:grading_export": "A file.",
    "admin:grading_publication_history": "Leads to the results page.",
    "admin:grading_publication_change": "Leads to the results page.",
    "admin:grading_gradingtask_change": "Leads to the page for scoring.",
    "admin:grading_gradingtask_history": "At the address of admin:grading_history, which stands before it.",
    "submissions:figure": "An image; the paper and the previews show it.",
    "submissions:receipt_file": "A file.",
    "api:schema": "A file.",
}
# The console's pages that the table does not show to a superuser who is signed in: they depend on more.
DOORS = {"admin:login", "admin:second_step", "admin:enrol"}
IMPORT = "admin:exams_exam_import"
SITTING = {
    "access:entry",
    "submissions:cover",
    "submissions:paper",
    "submissions:submit",
    "submissions:receipt",
    "submissions:receipt_public",
    "grading:result",
    "grading:result_list",
    "grading:result_list_public",
}
# What everybody may read; `readyz` is a page when it fails.
FOR_ALL = {"api:docs", "readyz"}


def lines() -> list[Line]:
    return [line for line in read_table(TABLE.read_text()) if line.method == "GET"]


def lines_of_the_console(role: str) -> list[Line]:
    """The table's lines that are a page of the console to this role."""
    return [
        line
        for line in lines()
        if line.route.startswith(("admin:", "/console/"))
        and line.expected[role] == "200"
        and line.route not in NO_PAGE
        and line.route not in DOORS
    ]


def routes_to_walk() -> set[str]:
    """Every route that may answer with a page, in whatever state; the API's are for programs."""
    return {
        line.route
        for line in lines()
        if line.route not in NO_PAGE
        and (line.route in FOR_ALL or not line.route.startswith("api:"))
        and not {line.expected[role] for role in STRONGEST} <= NEVER
    }


def route_of(path: str) -> str:
    """As rights.txt names it."""
    return resolve(urlsplit(path).path).view_name


class Walk:
    """One browser on its way; `routes` are those whose pages it saw."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.complaints: list[str] = []
        self.routes: set[str] = set()
        page.on("pageerror", lambda error: self.note(f"script error: {error}"))
        page.on("console", self.note_message)
        page.on("requestfailed", self.note_failure)
        page.on("request", self.note_request)

    def note(self, complaint: str) -> None:
        self.complaints.append(f"{self.page.url}: {complaint}")

    def note_message(self, message) -> None:
        is_own = message.text.startswith(OWN_STATUS) and message.location.get("url") == self.page.url
        if message.type == "error" and not is_own:
            self.note(message.text)

    def note_failure(self, request: Request) -> None:
        # A page that one leaves lets go of what was still on its way.
        if request.failure != "net::ERR_ABORTED":
            self.note(f"failed: {request.url} {request.failure}")

    def note_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:")):
            self.note(f"elsewhere: {request.url}")

    def visit(self, path: str, status: int = 200) -> None:
        """Open a page as by its address, and stay until its scripts have run."""
        response = self.page.goto(f"{self.origin}{path}", wait_until="load")
        self.check(response, path, status)

    def press(self, script: str, path: str, status: int = 200) -> None:
        """Let the page do something that leads to another one at `path`."""
        with self.page.expect_navigation(wait_until="load") as navigation:
            self.page.evaluate(script)
        self.check(navigation.value, path, status)

    def check(self, response, path: str, status: int) -> None:
        if response.status != status:
            self.note(f"{path}: {response.status}, not {status}")
        if urlsplit(response.url).path != urlsplit(path).path:
            self.note(f"{path}: led to {response.url}")
        if "text/html" not in response.headers.get("content-type", ""):
            self.note(f"{path}: no page")
        if status == 200:
            self.routes.add(route_of(path))
