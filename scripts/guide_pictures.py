"""The pictures of docs/organiser.md, taken from a demo that nobody has used yet.

    make demo PORT=8061                                              (in one terminal)
    .venv/bin/python -m scripts.guide_pictures http://localhost:8061  (in another, same folder)

It imports the example of docs/example/, enters as a contestant, and scores the demo's papers: start from an
empty var/ each time. Needs Chromium, as the journeys do.
"""

import io
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
EXAMPLE = ROOT / "docs" / "example"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 375, "height": 740}
TALLEST = 1100
COLOURS = 96
LARGEST_BYTES = 150_000
ORGANISER = "noether"
PASSWORD = secrets.token_urlsafe(12)


def main(address: str) -> None:
    demo = (ROOT / "var" / "demo.txt").read_text()
    manage("createsuperuser", "--noinput", "--username", ORGANISER, "--email", "")
    manage("import_exam", str(EXAMPLE / "spring-2027.yaml"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        sitting = sit(
            open_page(browser, address, PHONE), re.findall(r"\b(?:[A-Z0-9]{4}-){3}[A-Z0-9]{4}", demo)[0]
        )
        console = open_page(browser, address, DESK)
        sign_in(console)
        before_the_day(console)
        on_the_day(console)
        sitting.context.close()
        grading(console)
        score_everything(address, *staff_of(demo, "lead"))
        results(console)
        browser.close()


def manage(*arguments: str) -> None:
    environment = os.environ | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, check=True)  # noqa: S603


def open_page(browser: Browser, address: str, viewport: dict[str, int]) -> Page:
    # Some calls of a busy machine take long; a picture is worth the wait.
    context = browser.new_context(
        viewport=viewport, base_url=address, locale="en-GB", timezone_id="Europe/Berlin"
    )
    context.set_default_timeout(60_000)
    return context.new_page()


def keep(page: Page, name: str, *, until: Locator | None = None, bottom: int = TALLEST) -> None:
    """The page from its top, down to the end of `until`, in few colours."""
    page.evaluate("document.fonts.ready.then(() => window.scrollTo(0, 0))")
    page.wait_for_timeout(400)
    width = page.viewport_size["width"] if page.viewport_size else DESK["width"]
    if until is not None and (box := until.bounding_box()):
        bottom = int(box["y"] + box["height"]) + 24
    whole = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": min(bottom, whole, TALLEST)}
    taken = page.screenshot(full_page=True, clip=clip)
    picture = Image.open(io.BytesIO(taken)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    path = PICTURES / f"{name}.png"
    picture.save(path, optimize=True)
    if path.stat().st_size > LARGEST_BYTES:
        sys.exit(f"{path.name} is larger than {LARGEST_BYTES} bytes: crop it.")
    print(path.relative_to(ROOT), picture.size, path.stat().st_size)  # noqa: T201


def sign_in(page: Page) -> None:
    page.goto("/console/")
    page.get_by_label("Username:").fill(ORGANISER)
    page.get_by_label("Password:").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def type_password_again(page: Page) -> None:
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def card(page: Page, title: str) -> Locator:
    page.goto("/console/")
    return page.get_by_role("article", name=title)


def before_the_day(page: Page) -> None:
    card(page, "Spring Cup 2027").get_by_role("link", name="Exam", exact=True).click()
    page.get_by_role("link", name="Back to draft").click()
    page.get_by_role("button", name="Make the exam a draft again").click()
    keep(page, "exam", bottom=900)
    page.get_by_role("link", name="Problem 3").click()
    keep(page, "problem", bottom=860)
    page.go_back()
    page.get_by_role("link", name="Make ready").click()
    keep(page, "make-ready", until=page.get_by_role("button", name="Make the exam ready"))
    page.get_by_role("button", name="Make the exam ready").click()

    card(page, "Spring Cup 2027").get_by_role(
        "link", name="Import the roster, or issue keys without one"
    ).click()
    page.get_by_label("File").set_input_files(EXAMPLE / "contestants.csv")
    page.get_by_role("button", name="Look at it first").click()
    keep(page, "roster", bottom=800)
    page.get_by_test_id("confirm-roster").click()

    card(page, "Spring Cup 2027").get_by_role("link", name=re.compile("^Issue keys for 5")).click()
    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option(label="Issue keys…")
    keep(page, "issue-keys", until=page.locator("#result_list"))
    page.get_by_role("button", name="Go", exact=True).click()
    type_password_again(page)
    with page.expect_download():
        page.get_by_role("button", name="Issue keys").click()
    page.goto("/console/access/contestant/?q=EU-003")
    page.locator("#result_list tbody a").first.click()
    keep(page, "contestant", until=page.get_by_role("button", name="Revoke…"))


def sit(page: Page, key: str) -> Page:
    page.goto("/")
    page.get_by_test_id("access-key").fill(key)
    page.get_by_test_id("enter").click()
    page.get_by_test_id("start").click()
    page.get_by_test_id("answer-3").fill("16")
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")
    keep(page, "paper-phone", bottom=740)
    return page


def on_the_day(page: Page) -> None:
    page.goto("/console/")
    keep(page, "home", bottom=1000)
    page.goto("/console/on-call/?still")
    keep(page, "on-call", bottom=900)
    card(page, "Spring Round (demo)").get_by_role("link", name="Papers").click()
    page.get_by_label(re.compile("Select this object")).last.check()
    page.get_by_label("Action:").select_option(label="Move the deadline…")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_label("Minutes").fill("12")
    page.get_by_label("Reason").fill("Room 14 had no power from 10:20 to 10:32.")
    keep(page, "move-deadline", until=page.get_by_role("button", name="Move the deadline"))


def grading(page: Page) -> None:
    card(page, "Spring Round (demo)").get_by_role("link", name="Grading").click()
    keep(page, "desk", bottom=800)
    page.get_by_role("link", name=re.compile("^Problem 3: many")).click()
    keep(page, "many-at-once", bottom=900)


def results(page: Page) -> None:
    card(page, "Spring Round (demo)").get_by_role("link", name="Results").click()
    page.get_by_test_id("publish").or_(page.get_by_test_id("missing")).wait_for()
    keep(page, "results", bottom=900)
    page.get_by_role("link", name="Statistics").first.click()
    keep(page, "statistics", bottom=1000)


def staff_of(demo: str, name: str) -> tuple[str, str]:
    found = re.search(rf"^\s+({name})\s+(\S+)", demo, re.MULTILINE)
    if not found:
        sys.exit(f"var/demo.txt names no {name}.")
    return found[1], found[2]


def score_everything(address: str, username: str, password: str) -> None:
    """By the API: all points for what is accepted; some for proofs; none elsewhere."""

    def ask(path: str, body: object, token: str = "") -> dict[str, object] | None:
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        request = urllib.request.Request(f"{address}/api/v1/{path}", json.dumps(body).encode(), headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer) if answer.status != 204 else None  # noqa: PLR2004

    signed_in = ask("token/", {"username": username, "password": password}) or {}
    token = str(signed_in["access"])
    exam = demo_exam(address, token)
    while task := ask("grading/tasks/next/", {"exam": exam}, token):
        ask(f"grading/tasks/{task['id']}/score/", score_of(task), token)


def demo_exam(address: str, token: str) -> int:
    request = urllib.request.Request(f"{address}/api/v1/exams/", headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return next(exam["id"] for exam in json.load(answer)["results"] if exam["slug"] == "demo-spring")


def score_of(task: dict) -> dict[str, object]:  # type: ignore[type-arg]
    text, problem = task["answer"]["text"].strip(), task["problem"]
    points = problem["max_points"] if text in problem["accepted"] else "0"
    if text and not problem["accepted"]:
        points = str(task["id"] * 3 % (int(float(problem["max_points"])) + 1))
    return {
        "points": points,
        "comment": "",
        "note": "",
        "based_on": 0,
        "answer_revision": task["answer"]["revision"],
    }


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
