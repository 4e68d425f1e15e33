"""Check what operators watch with: the scrape, the alerts, the dashboard. Part of `make check`.

promtool (Debian: prometheus) parses every expression and plays the examples of alerts_test.yml. Without it
this part is skipped, loudly; with CI set in the environment that is a failure.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboards" / "examgrader.json"
LISTED = ROOT / "docs" / "metrics.md"
METRIC = re.compile(r"\b(?:examgrader|django)_[a-z_]+\b")
PARTS = re.compile(r"_(bucket|count|sum)$")


def main() -> int:
    faults = [*alert_faults(), *dashboard_faults(), *unlisted_metrics()]
    for fault in faults:
        say(fault)
    return 1 if promtool_fails() or faults else 0


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def queries() -> list[str]:
    """What the dashboard asks Prometheus."""
    return [target["expr"] for panel in panels() for target in panel.get("targets", [])]


def alert_faults() -> Iterator[str]:
    """Each alert says how bad it is and what to do, leads to a section that exists, and has an example."""
    examples = (PROMETHEUS / "alerts_test.yml").read_text()
    for alert in alerts():
        name = alert["alert"]
        if alert.get("labels", {}).get("severity") not in ("page", "look"):
            yield f"{name}: its severity is neither page nor look"
        missing = {"summary", "action", "symptom"} - alert.get("annotations", {}).keys()
        if missing:
            yield f"{name}: without {', '.join(sorted(missing))}"
        elif not has_section(alert["annotations"]["symptom"]):
            yield f"{name}: {alert['annotations']['symptom']} leads nowhere"
        if f'alertname="{name}"' not in examples:
            yield f"{name}: alerts_test.yml has no example of it"


def has_section(link: str) -> bool:
    name, _, anchor = link.partition("#")
    path = ROOT / name
    if not path.is_file():
        return False
    headings = re.findall(r"^#+ (.+)$", path.read_text(), flags=re.MULTILINE)
    return anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dashboard_faults() -> Iterator[str]:
    """What Grafana would show wrongly without a word."""
    ids = [panel["id"] for panel in panels()]
    if len(ids) != len(set(ids)):
        yield "the dashboard has two panels of one id"
    for panel in panels():
        if panel["type"] != "row" and not panel.get("targets"):
            yield f"panel {panel['title']}: asks nothing"
        if panel["gridPos"]["x"] + panel["gridPos"]["w"] > 24:  # noqa: PLR2004 - Grafana's columns
            yield f"panel {panel['title']}: reaches beyond the right edge"
        sources = [panel, *panel.get("targets", [])] if panel["type"] != "row" else []
        if any(source.get("datasource", {}).get("uid") != "${datasource}" for source in sources):
            yield f"panel {panel['title']}: asks another source than the one that is chosen"
    for one, other in combinations(panels(), 2):
        if overlap(one["gridPos"], other["gridPos"]):
            yield f"panels {one['title']} and {other['title']} lie on each other"


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )


def unlisted_metrics() -> Iterator[str]:
    """A misspelt metric is a panel that stays empty and an alert that never rings."""
    listed = set(re.findall(r"^\| `([a-z_]+)`", LISTED.read_text(), flags=re.MULTILINE))
    for expression in [*queries(), *(alert["expr"] for alert in alerts())]:
        for name in METRIC.findall(expression):
            if name not in listed and PARTS.sub("", name) not in listed:
                yield f"{name} is not in docs/metrics.md: {expression}"


def promtool_fails() -> bool:
    promtool = shutil.which("promtool")
    if promtool is None:
        say("promtool is missing: alerts and dashboard queries were not parsed (Debian: prometheus).")
        return bool(os.environ.get("CI"))
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as rules:
        # promtool knows no dashboards; as recording rules their queries are parsed all the same.
        recorded = [
            {"record": f"dashboard:query:{n}", "expr": expression} for n, expression in enumerate(queries())
        ]
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}, rules)
        rules.flush()
        calls = [
            ["check", "config", PROMETHEUS / "prometheus.yml"],
            ["check", "rules", PROMETHEUS / "alerts.yml"],
            ["check", "rules", rules.name],
            ["test", "rules", PROMETHEUS / "alerts_test.yml"],
        ]
        failed = [call for call in calls if not runs([promtool, *map(str, call)])]
        return bool(failed)


def runs(command: list[str]) -> bool:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        say(done.stdout + done.stderr)
    return done.returncode == 0


def say(line: str) -> None:
    sys.stderr.write(f"check_monitoring: {line}\n")


if __name__ == "__main__":
    sys.exit(main())
