"""What the YAML of a suite or of a paper may say."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from zsbench.components import Strict

MIXED = "mean of main metrics"
"""The metric of an average whose tasks have different first metrics."""


class RunEntry(Strict):
    """One line of a suite: every task x every model x every method named in it."""

    tasks: Any
    models: Any = None
    methods: Any = None


class Average(Strict):
    """A row over several tasks of a suite, or averages named before it; without `metric` it takes each one's first."""

    name: str
    tasks: list[str] = Field(min_length=2)
    metric: str = ""
    kind: Literal["mean", "harmonic"] = "mean"


class SuiteConfig(Strict):
    """A suite's YAML: a list of runs, the settings they share, and rows over several of them."""

    description: str = ""
    runs: list[RunEntry] = Field(min_length=1)
    settings: dict[str, Any] = {}
    averages: list[Average] = []


class Paper(Strict):
    """Which publication a paper config reproduces."""

    title: str
    year: int
    arxiv: str = ""
    venue: str = ""
    reference: str = ""


class Expected(Strict):
    """A published number and where it stands; `model` and `method` narrow it to some rows."""

    value: float
    source: str
    verified: bool
    model: str = ""
    method: str = ""


class Embedded(Strict):
    """The offline variant of a paper: other runs, the same protocol."""

    runs: list[RunEntry] = Field(min_length=1)
    settings: dict[str, Any] = {}
    averages: list[Average] = []


class PaperConfig(SuiteConfig):
    """A paper's YAML: a suite, its published numbers (`METRIC on TASK`) and an embedded variant."""

    paper: Paper
    expected: dict[str, Any] = {}
    embedded: Embedded | None = None
