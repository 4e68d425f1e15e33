"""A hundred answers with nothing but the keyboard, and how many keys that takes."""

from statistics import median

from apps.exams.enums import StaffRole
from apps.grading.models import Score
from tests.journeys.grading_room import appoint, set_papers, shown_task, start_grading, wait_for_another

# From the key to the focus in the next answer, taken in the page.
STOPWATCH = """
window.moves = [];
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter") window.pressed = performance.now();
}, true);
document.addEventListener("focusin", (event) => {
  if (event.target.name === "points" && window.pressed) {
    window.moves.push(performance.now() - window.pressed);
    window.pressed = 0;
  }
});
"""
# The grader reads an answer for as long as the one after it needs to arrive.
READ = """
task => document.querySelector("#sheet")?.dataset.sheet !== String(task)
  && document.activeElement.name === "points"
  && document.querySelector("[data-ahead]").dataset.waiting > 0
"""


def test_a_hundred_answers_take_two_keys_each(page, record_property):
    exam = set_papers(100)
    appoint(exam, "gauss", StaffRole.GRADER)
    start_grading(page, "gauss")
    page.evaluate(STOPWATCH)
    given, keys = {}, 0
    for place in range(100):
        task, points = shown_task(page), str(place % 8)
        given[task] = points
        for key in (points, "Enter"):
            page.keyboard.press(key)
            keys += 1
        if place < 98:
            page.wait_for_function(READ, arg=task)
        elif place == 98:
            moves = page.evaluate("window.moves")
            wait_for_another(page, task)
    page.wait_for_url("**/desk/**")
    # Every answer got the points that were typed while it was on the screen.
    scores = {task: f"{points:.0f}" for task, points in Score.objects.values_list("task", "points")}
    assert scores == given
    assert keys / 100 == 2
    record_property("keystrokes_per_answer", keys / 100)
    record_property("median_ms_from_enter_to_the_next_answer", round(median(moves), 1))
    print(f"{keys / 100:g} keys an answer; {median(moves):.0f} ms from Enter to the next one ({len(moves)})")  # noqa: T201
