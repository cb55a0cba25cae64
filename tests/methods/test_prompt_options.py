"""Every prompt of every method says which blanks it has: a misspelt one and a missing one are refused before a run."""

import types
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from zsbench.config import catalog
from zsbench.config.components import options_schema
from zsbench.config.options import Blanks

# Texts inside a prompt that are no template: what stands for the query in the calibration of `icr`.
NO_TEMPLATE = {("icr", "prompt.blank")}


def models_in(hint):
    """Yield every schema that a type names."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    for part in get_args(hint):
        yield from models_in(part)


def marks_in(hint):
    """Yield every mark of a type, those of a union's members included."""
    yield from getattr(hint, "__metadata__", ())
    for part in get_args(hint):
        yield from marks_in(part)


def texts(schema, at=()):
    """Yield (place, marks) of every text that a schema takes, nested schemas included."""
    for name, field in schema.model_fields.items():
        hint = field.annotation
        if isinstance(hint, types.GenericAlias) or hint is Any:
            continue
        if str in (hint, *get_args(hint), *(a for part in get_args(hint) for a in get_args(part))):
            yield (*at, name), [*field.metadata, *marks_in(hint)]
        for nested in models_in(hint):
            yield from texts(nested, (*at, name))


def prompts():
    """Return (method, place, blanks) of every template among the options of all methods."""
    found = []
    for name in catalog.components("methods"):
        for place, marks in texts(options_schema(catalog.load_component("methods", name))):
            own = [mark for mark in marks if isinstance(mark, Blanks)]
            found += [(name, place, own[0])] if own else []
    return found


PROMPTS = prompts()


def refused(name, place, text):
    """Return what the options' schema says against a text at a place."""
    value = text
    for key in reversed(place):
        value = {key: value}
    with pytest.raises(ValidationError) as error:
        options_schema(catalog.load_component("methods", name)).model_validate(value)
    return str(error.value)


def test_every_text_of_every_prompt_is_a_template():
    methods = catalog.components("methods")
    schemas = {name: options_schema(catalog.load_component("methods", name)) for name in methods}
    known = {(name, ".".join(place)) for name, place, _ in PROMPTS}
    inside = {
        (name, ".".join(place)) for name, schema in schemas.items() for place, _ in texts(schema) if len(place) > 1
    }
    # Of the nested options, only `cut` (a unit, two lengths) is no prompt, and it takes no free text.
    assert inside - known == NO_TEMPLATE
    assert {name for name, _, _ in PROMPTS} >= {
        "first", "icr", "rankgpt", "setwise", "pairwise", "pointwise", "monot5", "query-likelihood",
        "listwise-likelihood", "docid-beam", "docid-exhaustive", "catalogue-lm",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "place", "blanks"), PROMPTS, ids=lambda value: str(value)[:40])
def test_a_misspelt_or_missing_blank_is_refused(name, place, blanks):
    whole = " ".join(f"{{{need.split('|')[0]}}}" for need in blanks.needed)
    nameless = () if "" in blanks.known else ("{}",)
    for wrong in ("{querry}", *nameless, "{0}", "{query.x}", "{query!r}", "{", "}"):
        assert "type=expected" in refused(name, place, f"{whole} {wrong}")
    for need in blanks.needed:
        lacking = " ".join(f"{{{other.split('|')[0]}}}" for other in blanks.needed if other != need)
        assert "holds" in refused(name, place, f"x {lacking}")


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("first", {"head": "rank", "tail": "now"}),
        ("setwise", {"head": "rank", "tail": "now"}),
        ("listwise-likelihood", {"head": "rank", "tail": "now"}),
        ("rankgpt", {"head": "rank", "tail": "now"}),
    ],
)
def test_a_prompt_without_the_query_is_refused(name, prompt):
    assert "{query} in `head` or `tail`" in refused(name, ("prompt",), prompt)
    schema = options_schema(catalog.load_component("methods", name))
    for piece in prompt:
        schema.model_validate({"prompt": {**prompt, piece: "{query}"}})


@pytest.mark.parametrize("name", ["pointwise", "monot5", "qwen3-reranker"])
def test_two_answers_that_are_one_are_refused(name):
    said = refused(name, ("prompt",), {"relevant": "B", "irrelevant": "B"})
    assert "`relevant` and `irrelevant` that differ" in said
