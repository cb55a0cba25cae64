"""Options that every adapter over HTTP has, their types, and what they have to fulfil."""

from __future__ import annotations

import re
from typing import Annotated, Any

from annotated_types import Le

from zsbench.config.options import Count, Natural, NonNegative, Positive
from zsbench.core.errors import UserError
from zsbench.core.records import canonical_json
from zsbench.models.endpoints import address

# A day in seconds: operating systems take no time-out much longer.
_DAY = 86_400

Timeout = Annotated[Positive, Le(_DAY)]
Retries = Annotated[Natural, Le(100)]
Pause = Annotated[NonNegative, Le(_DAY)]
Concurrency = Annotated[Count, Le(1000)]

ASIDE = ("key_env", "key_header", "timeout", "retries", "pause", "concurrency")
"""Options of which no answer depends."""


def check(options: dict[str, Any], *, base_url: str = "", reserved: tuple[str, ...] = ()) -> None:
    """Refuse an address, a name of a key and further keys of a request that cannot be right.

    Parameters
    ----------
    base_url : the adapter's own address, where the options name none.
    reserved : keys that a request sets itself.

    Raises
    ------
    UserError
        At the option; what stands there is not shown, because it may be the key itself.
    """
    address.checked(str(options.get("base_url", base_url)))
    if options.get("key_env") is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", options["key_env"]):
        raise UserError("key_env", "no name of an environment variable", "the variable that holds the key")
    extra = options.get("extra", {})
    taken = next((key for key in reserved if key in extra), None)
    if taken is not None:
        raise UserError("extra", f"a key '{taken}', which the request sets itself", "other keys of a request")
    try:
        canonical_json(extra)
    except (TypeError, ValueError) as error:
        raise UserError("extra", f"what JSON cannot hold ({error})", "texts, finite numbers, lists, mappings") from None
