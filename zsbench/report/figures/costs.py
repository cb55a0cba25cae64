"""What a run cost, in a unit of one's choice, or why nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zsbench.core.errors import unknown_name
from zsbench.report.figures.chosen import Entry

COSTS = {
    "forward_passes": "forward passes",
    "tokens": "tokens read and written",
    "images": "images, cached ones included",
    "parameters": "parameters",
    "gflops": "GFLOPs an image",
    "seconds": "seconds",
}
"""What `--x` takes, with the title of its axis; by default the first that most runs have."""

# They depend on what the cache already held; images that came from there are counted apart.
_SPARED = ("forward_passes", "tokens", "seconds")


def cost(entry: Entry, unit: str) -> tuple[float | None, str]:
    """Return what a run cost and an empty text, or None and the reason why that is not known.

    A baseline without a model costs nothing; a model that costs nothing was not counted. `images` are those that a
    run needs, whether they came from the cache or not; passes, tokens and seconds that the cache spared a run are
    counted nowhere, so a run that used it has none of these.
    """
    result, counted = entry.run.result, entry.run.result.get("cost", {})
    if entry.is_baseline and unit != "seconds":
        return 0.0, ""
    if unit in _SPARED and counted.get("images_cached"):
        return None, "took embeddings from the cache"
    if unit == "seconds" and result.get("resumed_items"):
        return None, "was interrupted and resumed"
    value = _counted(result, counted, unit)
    return (float(value), "") if value else (None, f"no {unit.replace('_', ' ')} counted")


def _counted(result: dict[str, Any], counted: dict[str, float], unit: str) -> float:
    if unit == "images":
        return counted.get("images", 0) + counted.get("images_cached", 0)
    if unit == "tokens":
        return counted.get("tokens", 0) + counted.get("tokens_generated", 0)
    if unit == "seconds":
        return float(result.get("seconds", 0))
    if unit in ("parameters", "gflops"):
        facts = result.get("notes", {}).get("model", {})
        return float((facts.get(unit) if isinstance(facts, dict) else 0) or 0)
    return counted.get(unit, 0)


def usual(entries: Sequence[Entry]) -> str:
    """Return the cost that most runs with a model have; time depends on the machine and comes last."""
    return max(COSTS, key=lambda unit: sum(not e.is_baseline and cost(e, unit)[0] is not None for e in entries))


def named(unit: str) -> str:
    """Return a cost by the name that a person gave it.

    Raises
    ------
    UserError
        There is none of that name.
    """
    name = unit.strip().replace(" ", "_").replace("-", "_").lower()
    if name not in COSTS:
        raise unknown_name("--x", "cost", unit, COSTS, listed_by=f"costs: {', '.join(COSTS)}")
    return name
