"""The numeric options in which runs differ: what a curve can be drawn over.

The x of a run is a leaf of its config (`task.shots`, `method.k`, `settings.limit`); a list counts by its length
(`task.templates`), and a run without limit is over all of its items. What else differs tells series apart, but for
seeds: repeated runs are one point. A number that depends on the model alone (`parameters`) makes checkpoints a series.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from zsbench.config import catalog
from zsbench.config.components import option_defaults
from zsbench.core.errors import UserError, unknown_name
from zsbench.core.records import canonical_json
from zsbench.report.variants import leaves

MODEL_FACTS = ("parameters", "gflops")
"""What `--x` takes beside options, from what results note about their model."""

LIMIT = "settings.limit"

# They change no value, or only how exactly it is known.
_WORDS = ("description", "citation", "source", "license", "version", "label", "metrics", "resamples", "confidence")
_ALIASES = {"prompts": "templates"}

Leaves = dict[str, Any]
Identity = frozenset[tuple[str, str]]


def of_run(result: dict[str, Any]) -> Leaves:
    """Return what a run's value depends on: the values of its config by dotted keys."""
    config = result.get("config", {})
    links = config.get("method")
    if isinstance(links, list):  # a chain of rules: `method.1.alpha`
        config = {**config, "method": dict(enumerate(links))}
    return {key: value for key, value in leaves(config) if _last(key) not in _WORDS}


def number(result: dict[str, Any], options: Leaves, key: str) -> float | None:
    """Return the x of a run, None where it has none."""
    if key in MODEL_FACTS:
        facts = result.get("notes", {}).get("model")
        value = facts.get(key) if isinstance(facts, dict) else None
    else:
        value = options[key] if key in options else _default(options, key)
        if key == LIMIT and value is None:
            value = result["n_items"]
        if isinstance(value, list):
            value = len(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _default(options: Leaves, key: str) -> Any:
    """Return what an option is where a config leaves it out, None where the component has no such option."""
    block, _, name = key.rpartition(".")
    kind: Any = {"method": "methods", "model": "models"}.get(key.partition(".")[0])
    component = options.get(f"{block}.name")
    if kind is None or not isinstance(component, str):
        return None
    try:
        return option_defaults(catalog.load_component(kind, component)).get(name)
    except UserError:  # a component that is no longer there
        return None


def without(options: Leaves, key: str) -> Leaves:
    """Return a run's options but x and seeds, and but the model's where x is a fact about it."""
    return {name: value for name, value in options.items() if not _is_x(name, key) and not is_seed(name)}


def identity(options: Leaves, key: str) -> Identity:
    """Return what `without` leaves, as something that can be compared: the points of one series share it."""
    return frozenset((name, canonical_json(value)) for name, value in without(options, key).items())


def is_seed(key: str) -> bool:
    """Whether an option only says which of many equal draws a run is."""
    return _last(key).endswith("seed")


def key_of(written: str | None, every: Sequence[tuple[dict[str, Any], Leaves]]) -> str:
    """Return the option that a person named, or the only one that some runs differ in while all else is equal.

    Parameters
    ----------
    written : a dotted key, its last part, or None.
    every : results with their options.

    Raises
    ------
    UserError
        Nothing of that name, several of that name, or without a name none or several that differ.
    """
    differing = varying(every)
    if written is None:
        if len(differing) == 1:
            return next(iter(differing))
        if not differing:
            found = "no numeric option differs between runs that are equal otherwise"
            raise UserError("plot", found, "such runs, e.g. of `zsbench eval few-shot-digits`", _hint())
        names = ", ".join(f"{key} ({n} values)" for key, n in differing.items())
        raise UserError("plot", f"several options differ: {names}", "--x with one of them")
    name = _ALIASES.get(written, written)
    if name in MODEL_FACTS:
        return name
    known = _numeric(every)
    fitting = [key for key in known if name in (key, _last(key))]
    if len(fitting) > 1 and differing.keys() & set(fitting):
        fitting = [key for key in fitting if key in differing]
    if not fitting:
        listed = ", ".join(differing or known) or "none"
        raise unknown_name("--x", "numeric option", written, map(_last, known), listed_by=f"here: {listed}; {_hint()}")
    if len(fitting) > 1:
        raise UserError("--x", f"'{written}' is {' and '.join(fitting)}", "one of them in full")
    return fitting[0]


def varying(every: Sequence[tuple[dict[str, Any], Leaves]]) -> dict[str, int]:
    """Return the numeric options with several values among runs that are equal otherwise, and how many values."""
    counts = {}
    for key in _numeric(every):
        values: dict[Identity, set[float]] = {}
        for result, options in every:
            x = number(result, options, key)
            if x is not None:
                values.setdefault(identity(options, key), set()).add(x)
        most = max(map(len, values.values()), default=0)
        if most > 1 and not is_seed(key):
            counts[key] = most
    return counts


def _numeric(every: Iterable[tuple[dict[str, Any], Leaves]]) -> list[str]:
    """Return the options that are a number somewhere, or lists."""
    known: dict[str, None] = {}
    for result, options in every:
        known.update(dict.fromkeys(key for key in options if number(result, options, key) is not None))
    return list(known)


def title(key: str) -> str:
    """Return what the x axis is called."""
    last = _last(key)
    return {"limit": "items", "gflops": "GFLOPs an image"}.get(last, last)


def _is_x(option: str, key: str) -> bool:
    return option == key or (key in MODEL_FACTS and option.startswith("model."))


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _hint() -> str:
    return "--x parameters draws checkpoints by their size"
