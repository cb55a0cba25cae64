"""A baseline: what one suite gave when somebody was content with it, small and readable enough for git.

One JSON file a suite. For every run the values, what makes them comparable (fingerprints of data and prompts, protocol,
version of the task), the options that were in force, and the per-item statistics of every metric, so that a later run
is compared with it item by item. Intervals are not kept: they follow from the statistics.

    {
      "schema_version": 1,
      "suite": "quickstart",
      "items": {TEST_FINGERPRINT: {"n": 1797, "ids": DIGEST, "clusters": LINE}},
      "runs": {"digits / clip-glyphs / prompt-ensemble": {..., "metrics": {"acc@1": {"value": 0.69, ...}}}}
    }

Rows of statistics stand in the order of the items' ids, so that a digest of the ids is enough to join items by id.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from zsbench.core import files, jsonfiles
from zsbench.core.errors import UserError, shown

SCHEMA_VERSION = 1
SUFFIX = ".json"

_WANTED = "a baseline as `zsbench check --update` writes it"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class KeptMetric(_Part):
    """One metric of a run."""

    value: FiniteFloat | None = Field(description="0-1 for unit %, else in its unit; null when undefined")
    unit: str
    better: Literal["higher", "lower"]
    n: int = Field(description="items behind the value")
    statistics: str = Field(default="", description="those of every item (`packing`); empty for rows over tasks")


class KeptRun(_Part):
    """One run: its names, what makes it comparable, what was in force, and its metrics."""

    task: str
    task_type: str
    model: str
    method: str
    protocol: str
    version: int = Field(description="the task's own version")
    test_fingerprint: str = Field(description="digest of the items' ids and gold")
    data_fingerprint: str = Field(description="digest of inputs and gold")
    prompts: str = Field(description="digest of the texts that the model was given")
    model_fingerprint: str
    options: dict[str, Any] = Field(description="of model, method and precision, by dotted key")
    of: list[str] = Field(default=[], description="of a row over tasks: the runs that it is the mean of")
    metrics: dict[str, KeptMetric]


class KeptItems(_Part):
    """The items that runs have in common."""

    n: int
    ids: str = Field(description="digest of the ids in their order by name")
    clusters: str = Field(default="", description="the number of each item's cluster (`packing`), where there are any")


class Baseline(_Part):
    """The baseline of one suite."""

    schema_version: int
    suite: str
    items: dict[str, KeptItems]
    runs: dict[str, KeptRun]


def title(task: str, model: str, method: str) -> str:
    """Return what a run is called in a baseline and in tables."""
    return f"{task} / {model} / {method}"


def read(path: Path) -> Baseline:
    """Return the baseline that a file holds.

    Raises
    ------
    UserError
        No such file, not a baseline, an edited or damaged one, or one of a newer zsbench.
    """
    value = jsonfiles.read(path, _WANTED)
    version = value.get("schema_version") if isinstance(value, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise UserError(shown(path), f"schema version {version}", f"at most {SCHEMA_VERSION}; update zsbench")
    try:
        baseline = Baseline.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place, problem = ".".join(str(part) for part in first["loc"]), first["msg"]
        where = f"'{place}': " if place else ""
        raise UserError(shown(path), f"not a baseline ({where}{problem[:1].lower()}{problem[1:]})", _WANTED) from None
    for name, run in baseline.runs.items():
        if name != title(run.task, run.model, run.method):
            raise UserError(shown(path), f"run '{name}' is '{title(run.task, run.model, run.method)}'", _WANTED)
        missing = [part for part in run.of if part not in baseline.runs]
        if missing or (not run.of and run.test_fingerprint not in baseline.items):
            problem = f"'{name}' is over {missing[0]!r}" if missing else f"the items of '{name}' are missing"
            raise UserError(shown(path), f"not a baseline ({problem})", _WANTED)
    return baseline


def write(baseline: Baseline, path: Path) -> None:
    """Write a baseline atomically; what has its default stands nowhere in the file."""
    files.write_json(path, baseline.model_dump(exclude_defaults=True))
