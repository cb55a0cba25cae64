"""Values as they may stand inside a script of a page: no name and no text of others can end it or start another.

A page shows these texts as text (`textContent`), so nothing is escaped a second time for HTML.
"""

from __future__ import annotations

import json
import math
from typing import Any

from zsbench.report.plain import plain

# What could end a script or start markup, and what older readers of JavaScript take for the end of a line.
_IN_SCRIPT = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})


def script_json(value: Any) -> str:
    r"""Return a value as JSON that can stand between `<script>` and `</script>`, or in a file of JavaScript.

    Control characters and characters that turn the direction of writing are shown as escapes, as in a terminal; a
    number that JSON does not have is null, never zero.

    >>> script_json({"name": "</script>", "value": float("nan")})
    '{"name":"\\u003c/script\\u003e","value":null}'
    """
    return json.dumps(_clean(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_IN_SCRIPT)


def _clean(value: Any) -> Any:
    """Return a value of plain types, its texts without characters that a reader would obey."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {plain(str(key)): _clean(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(entry) for entry in value]
    return value
