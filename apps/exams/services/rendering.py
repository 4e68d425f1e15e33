"""Everything an exam file shows, as HTML, before a row of it is written."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.core.images import CleanImage, ImageRefused, clean_image
from apps.core.markup import MarkupError
from apps.exams.rules.drafts import ExamDraft
from apps.exams.rules.places import FIGURE
from apps.exams.rules.reading import Fault
from apps.exams.services.editing import (
    FigureNameInvalid,
    check_figure_name,
    figure_address,
    render_choice,
    render_text,
)


@dataclass(slots=True)
class FoundFigures:
    """Figures are fetched and cleaned when a text first names them; their addresses are known beforehand."""

    files: Mapping[str, bytes]
    used: dict[str, tuple[uuid.UUID, CleanImage]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def address(self, name: str) -> str | None:
        if name not in self.used and name not in self.refused:
            try:
                image = clean_image(self.files[name])
                check_figure_name(name, image)
            except KeyError:
                return None
            except (ImageRefused, FigureNameInvalid) as refusal:
                self.refused[name] = str(refusal)
            else:
                self.used[name] = (uuid.uuid4(), image)
        return figure_address(self.used[name][0]) if name in self.used else "refused"


class RenderedDraft:
    """All texts of a draft as HTML, by their places, and everything that could not be rendered."""

    def __init__(self, draft: ExamDraft, files: Mapping[str, bytes], *, faulty: Collection[str] = ()) -> None:
        """Texts at places that are known as faulty are left out: there a stand-in stands."""
        self.faults: list[Fault] = []
        self._faulty = frozenset(faulty)
        self.figures = FoundFigures(files)
        self.html: dict[str, str] = {}
        self._addresses = _Addresses(self.figures)
        self._render("instructions", draft.instructions, top_heading=2)
        for index, problem in enumerate(draft.problems):
            place = f"problems[{index}]"
            self._render(f"{place}.statement", problem.statement)
            self._render(f"{place}.solution", problem.solution)
            for choice_index, choice in enumerate(problem.choices):
                self._render_choice(f"{place}.choices[{choice_index}].text", choice.text)
        self.faults += [Fault(f"{FIGURE}{name}", message) for name, message in self.figures.refused.items()]

    def _render(self, place: str, source: str, *, top_heading: int = 3) -> None:
        if place in self._faulty:
            return
        try:
            self.html[place] = render_text(source, self._addresses, top_heading=top_heading).html
        except MarkupError as error:
            self.faults.append(Fault(place, error.problem, error.line))

    def _render_choice(self, place: str, source: str) -> None:
        if place in self._faulty:
            return
        try:
            self.html[place] = render_choice(source, self._addresses)
        except MarkupError as error:
            self.faults.append(Fault(place, error.problem, error.line))


class _Addresses(dict[str, str]):
    """Looks like the finished table of addresses, and fills itself."""

    def __init__(self, figures: FoundFigures) -> None:
        super().__init__()
        self._figures = figures

    def get(self, name: str, default: Any = None) -> Any:
        return self._figures.address(name) or default
