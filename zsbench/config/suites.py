"""What the YAML of a suite or of a paper may say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import Field

from zsbench.config.components import Strict
from zsbench.config.options import AnyFloat, AnyText, Distinct, Mark, Text

MIXED = "mean of main metrics"
"""The metric of an average whose tasks have different first metrics."""


@dataclass(frozen=True)
class Entries(Mark):
    """Marks what names one thing, or a list of things: an empty list would leave a line without any."""

    needed: bool = False

    def expected(self, value: Any) -> str:
        """Return what names nothing lacks."""
        empty = value in ([], {}, "") or (self.needed and value is None)
        return "a name, or a list of at least one" if empty else ""


class RunEntry(Strict):
    """One line of a suite: every task x every model x every method named in it."""

    tasks: Annotated[Any, Entries(needed=True)]
    models: Annotated[Any, Entries()] = None
    methods: Annotated[Any, Entries()] = None


class Average(Strict):
    """A row over several tasks of a suite, or averages named before it; without `metric` it takes each one's first."""

    name: Text
    tasks: Annotated[list[Text], MinLen(2), Distinct()]
    metric: AnyText = ""
    kind: Literal["mean", "harmonic"] = "mean"


class SuiteConfig(Strict):
    """A suite's YAML: a list of runs, the settings they share, and rows over several of them.

    `models` stand in for those of every run, for a file that lays other models over a suite (`extends:`).
    """

    description: AnyText = ""
    runs: list[RunEntry] = Field(min_length=1)
    models: Annotated[Any, Entries()] = None
    settings: dict[str, Any] = {}
    averages: list[Average] = []


class Paper(Strict):
    """Which publication a paper config reproduces."""

    title: Text
    year: Annotated[int, Ge(1900), Le(2200)]
    arxiv: AnyText = ""
    venue: AnyText = ""
    reference: AnyText = ""


class Expected(Strict):
    """A published number and where it stands; `model` and `method` narrow it to some rows.

    `reason` says why a measured value may differ from it.
    """

    value: AnyFloat
    source: Text
    verified: bool
    model: AnyText = ""
    method: AnyText = ""
    reason: AnyText = ""


class Embedded(Strict):
    """The offline variant of a paper: other runs, the same protocol."""

    runs: list[RunEntry] = Field(min_length=1)
    settings: dict[str, Any] = {}
    averages: list[Average] = []


Dimension = Literal["task", "task_type", "suite", "model", "method", "metric", "seed"]
"""What rows and columns of a table may be."""


class PaperTable(Strict):
    """How `zsbench table --paper` lays out a paper's main table."""

    rows: Annotated[list[Dimension], MinLen(1), Distinct()] = ["model", "method"]
    cols: Annotated[list[Dimension], MinLen(1), Distinct()] = ["task", "metric"]


class PaperConfig(SuiteConfig):
    """A paper's YAML: a suite, its published numbers (`METRIC on TASK`) and an embedded variant.

    `waits_for` says what of it nobody can run yet: checkpoints or data that are not public.
    """

    paper: Paper
    expected: dict[str, Any] = {}
    embedded: Embedded | None = None
    table: PaperTable = PaperTable()
    waits_for: list[Text] = []
