"""What tells results of one task, model and method apart: the options and settings in which their configs differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from zsbench.core.records import canonical_json, digest

# A longer value is named by its digest: two prompts are told apart, not printed.
_SHOWN = 24


def variants(results: Sequence[dict[str, Any]]) -> list[str]:
    """Return for each result what its row says behind the method: `limit=10`, `k1=1.2`, mostly nothing.

    Results that share task, model and method are told apart, each by its own values of what differs among them; a
    sample of a task (`limit`) also from rows of other methods over all its items.
    """
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, result in enumerate(results):
        groups[result["task"], result["model"], result["method"]].append(number)
    texts = [""] * len(results)
    for numbers in groups.values():
        if len(numbers) > 1:
            of_each = [_written(results[number].get("config", {})) for number in numbers]
            keys = dict.fromkeys(key for each in of_each for key in each)
            differ = [key for key in keys if len({each.get(key, "") for each in of_each}) > 1]
            for number, each in zip(numbers, of_each, strict=True):
                values = {key: each[key] for key in differ if each.get(key, "null") != "null"}
                texts[number] = ", ".join(f"{key.rpartition('.')[2]}={_short(value)}" for key, value in values.items())
    limits: dict[str, set[Any]] = defaultdict(set)
    for result in results:
        limits[result["task"]].add(_limit(result))
    return [_with_limit(text, _limit(r), limits[r["task"]]) for text, r in zip(texts, results, strict=True)]


def _with_limit(text: str, limit: Any, limits: set[Any]) -> str:
    """Return a row's text with its `limit`, where other rows of the task are over other items."""
    if limit is None or len(limits) == 1 or "limit=" in text:
        return text
    return f"{text}, limit={limit}" if text else f"limit={limit}"


def _limit(result: dict[str, Any]) -> Any:
    settings = result.get("config", {}).get("settings")
    return settings.get("limit") if isinstance(settings, dict) else None


def _written(config: Any) -> dict[str, str]:
    """Return the values of a config as JSON, by dotted key."""
    return {key: canonical_json(value) for key, value in leaves(config)}


def leaves(config: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) of a config; a list is one value."""
    if isinstance(config, dict) and config:
        for name, value in config.items():
            yield from leaves(value, f"{key}.{name}" if key else str(name))
    else:
        yield key, config


def _short(value: str) -> str:
    text = value.strip('"')
    return text if len(text) <= _SHOWN else f"#{digest([text])[:6]}"
