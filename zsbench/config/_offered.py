"""What an adapter declares to offer is there: its protocols' members, looked for when it is loaded.

A method asks for a capability by name (`needs`), an adapter declares it (`offers=`). An adapter that lacks a member of
it would fail in the middle of a run, after the data were read and the first items predicted.
"""

from __future__ import annotations

import inspect
from typing import Any, Protocol

from zsbench.core.errors import UserError

_NOTHING = object()


def require_offered(adapter: Any, offers: tuple[type, ...], *, where: str, name: str) -> None:
    """Refuse an adapter that lacks members of the protocols it declares.

    Parameters
    ----------
    adapter : what the adapter's function returned.
    offers : the protocols of its declaration.
    where, name : place of the model's block and the adapter's name, for the message.

    Raises
    ------
    UserError
        Members are missing; all are named, by protocol.
    """
    lacking = {offer.__name__: [m for m in members(offer) if not _has(adapter, m)] for offer in offers}
    named = [f"{offer}: {', '.join(missing)}" for offer, missing in lacking.items() if missing]
    if named:
        problem = f"adapter '{name}' lacks members of what it offers ({'; '.join(named)})"
        raise UserError(where, problem, "all of them, or fewer protocols in `offers=`")


def members(protocol: type) -> list[str]:
    """Return the names of a protocol's attributes and methods, those of the protocols it extends first."""
    names: dict[str, None] = {}
    for part in reversed(protocol.__mro__):
        if part not in (object, Protocol) and getattr(part, "_is_protocol", False):
            declared = [*inspect.get_annotations(part), *part.__dict__]
            names |= dict.fromkeys(n for n in declared if not n.startswith("_"))
    return list(names)


def _has(adapter: Any, name: str) -> bool:
    # Statically first: a property of a network may compute, and nothing has to be computed here.
    return inspect.getattr_static(adapter, name, _NOTHING) is not _NOTHING or hasattr(adapter, name)
