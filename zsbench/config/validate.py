"""Mappings checked against a schema, every mistake with its place and the nearest right key."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from zsbench.config.messages import described, explained
from zsbench.core.errors import UserError, UserErrors, did_you_mean
from zsbench.core.yamlio import Document, Loc

S = TypeVar("S", bound=BaseModel)


def check(schema: type[S], document: Document, loc: Loc = (), value: Any = None, *, owner: str = "") -> S:
    """Validate a mapping against a schema, every mistake with its place and the nearest right key.

    `owner` is the component whose options these are, for messages.

    Raises
    ------
    UserErrors
        Unknown keys, missing keys, wrong types: all of them at once.
    """
    value = document.value if value is None else value
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        raise UserErrors(list(explained(schema, document, loc, value, error, owner))) from None


def label(value: dict[str, Any], document: Document, loc: Loc, *, beside: tuple[str, ...] = ()) -> str:
    """Return the `label:` of a mapping, or an empty text; with `beside`, these are the only other keys it may have.

    Raises
    ------
    UserError
        It is no text or a blank one, or a key is unknown.
    """
    extra = sorted(value.keys() - {"label", *beside}) if beside else []
    if extra:
        hint = did_you_mean(extra[0], ["label", *beside])
        raise UserError(document.where((*loc, extra[0])), f"unknown key '{extra[0]}'", "", hint)
    written = value.get("label")
    if written is not None and (not isinstance(written, str) or not written.strip()):
        where = document.where((*loc, "label"))
        raise UserError(where, f"key 'label' is {described(written)}", "a text that is not empty")
    if written is not None and not any(c.isalnum() for c in written):
        # Folders are named by labels, and of marks alone no name is left.
        where = document.where((*loc, "label"))
        raise UserError(where, f"key 'label' is {described(written)}", "a text with a letter or a digit")
    return written or ""
