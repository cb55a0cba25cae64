"""The protocol of a result: what its task states, and behind it the settings that its method states."""

from __future__ import annotations

import re
from typing import Any

from zsbench.config.blocks import Block
from zsbench.core.errors import UserError

_ANYTHING = "\0"


def of_task(stated: str, method: Any) -> str:
    """Return the part of a protocol that the task states; what a method adds to it tells methods apart, not questions.

    Parameters
    ----------
    stated : the protocol as the result has it.
    method : `method` of the result's config: a mapping with a name and options, or a list of them.

    Examples
    --------
    >>> of_task("exact spans; threshold 0.3, decoding flat", {"name": "span-threshold", "threshold": 0.3})
    'exact spans'
    """
    # Each part may be absent, since results may be older than an option.
    parts = [re.escape(part).replace(re.escape(_ANYTHING), ".+?") for part in _settings(method).split(", ") if part]
    pattern = "".join(rf"(?:{part}(?:, |$))?" for part in parts)
    return re.sub(rf"(^|; ){pattern}$", "", stated)


def _settings(method: Any) -> str:
    """Return what a method adds to the protocol of its results, with `_ANYTHING` for what a run settled."""
    links = method if isinstance(method, list) else [method]
    parts = []
    for link in links:
        if not isinstance(link, dict) or not isinstance(link.get("name"), str):
            continue
        options = {key: value for key, value in link.items() if key != "name"}
        try:
            parts.append(Block("methods", link["name"], options).settings(otherwise=_ANYTHING))
        except UserError:  # a method of somebody else's, not installed here
            continue
    return ", ".join(filter(None, parts))
