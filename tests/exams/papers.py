"""A small exam as a file would hold it, for tests of import and export."""

import copy

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><path d="M1 1L20 20"/></svg>'

YAML = r"""format: examgrader/1
slug: spring-2026
title: Spring Round
zone: Europe/Berlin
clock: common
grace_seconds: 30
blind: true
results: own
instructions: |
  Write *clearly*.
time_blocks:
- name: Europe
  opens_at: 2026-03-14T15:00:00+01:00
  closes_at: 2026-03-14T18:00:00+01:00
- name: Americas
  zone: America/New_York
  opens_at: 2026-03-14T15:00:00-04:00
  last_entry_at: 2026-03-14T16:00:00-04:00
  closes_at: 2026-03-14T18:00:00-04:00
problems:
- number: 1
  kind: choice
  max_points: 3
  statement: |
    Which of these is prime?

    ![A triangle](triangle.svg)
  choices:
  - label: A
    text: $91$
  - label: B
    text: $97$
  accepted:
  - B
  solution: |
    $91 = 7 \cdot 13$.
  pages: false
- number: 2
  kind: integer
  max_points: 7
  statement: Find $\sum_{k=1}^{7} k$.
  accepted:
  - 28
  - "028"
  solution: ''
  pages: false
- number: 3
  kind: expression
  max_points: 2.5
  statement: Simplify $\sqrt{8}$.
  accepted: [2\sqrt2]
- number: 4
  kind: proof
  max_points: "7"
  statement: |
    Let $n$ be an integer.

    Prove that $n^2 + n$ is even.
  pages: true
"""

TREE = {
    "format": "examgrader/1",
    "slug": "spring-2026",
    "title": "Spring Round",
    "zone": "Europe/Berlin",
    "time_blocks": [
        {"name": "Europe", "opens_at": "2026-03-14T14:00:00Z", "closes_at": "2026-03-14T18:00:00+01:00"}
    ],
    "problems": [
        {
            "number": 1,
            "kind": "choice",
            "max_points": "3",
            "statement": "Which is prime?",
            "choices": [{"label": "A", "text": "$91$"}, {"label": "B", "text": "$97$"}],
            "accepted": ["B"],
        },
        {
            "number": 2,
            "kind": "integer",
            "max_points": "7",
            "statement": "Six times seven?",
            "accepted": ["42"],
        },
    ],
}


def tree(**changes):
    """The tree above with changes at places, said as in `tree(title=1, **{"problems.0.kind": "proof"})`."""
    changed = copy.deepcopy(TREE)
    for place, value in changes.items():
        at = changed
        *way, last = [int(step) if step.isdigit() else step for step in place.split(".")]
        for step in way:
            at = at[step]
        if value is ...:
            del at[last]
        else:
            at[last] = value
    return changed
