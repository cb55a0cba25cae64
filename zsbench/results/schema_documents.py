"""What results hold as JSON Schema (draft 2020-12), with an address and the version that their files carry.

The copies in `docs/schema/` are what is promised to readers; a test compares them with the models, so that a change of
either is deliberate. CONTRIBUTING says when the version rises.
"""

from __future__ import annotations

from typing import Any

from zsbench.core.records import SCHEMA_VERSION
from zsbench.results.schema import NEEDED, Result

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def document(name: str, title: str, schema: dict[str, Any], version: int = SCHEMA_VERSION) -> dict[str, Any]:
    """Return a schema with its dialect, address and title in front."""
    head = {"$schema": DIALECT, "$id": f"urn:zsbench:schema:{name}:{version}", "title": title}
    return head | {key: value for key, value in schema.items() if key not in head}


def result() -> dict[str, Any]:
    """Return the schema of result.json; results of any age and rows over several tasks hold what is required."""
    schema = Result.model_json_schema()
    schema["required"] = sorted(NEEDED)
    schema["properties"]["schema_version"] |= {"const": SCHEMA_VERSION}
    return document("result", "result.json of a run", schema)


def items() -> dict[str, Any]:
    """Return the schema of a row of items.parquet."""
    texts = {
        "id": "the item's name, by which predictions, gold and other runs find it",
        "group": "the group that the item belongs to, where the data have groups",
        "cluster": "what the item comes from together with others, where items are not independent",
        "gold": "a short text of what is right, where the type of task has one: a class, spans, relevant documents",
        "prediction": "a short text of the prediction; the whole stands in predictions/",
    }
    number = {"type": ["number", "null"]}
    return document(
        "items",
        "a row of items.parquet",
        {
            "type": "object",
            "properties": {name: {"type": "string", "description": text} for name, text in texts.items()},
            "required": ["id", "prediction"],
            "additionalProperties": {
                "description": "a metric's statistic of the item: under the metric's name, one of several under "
                "NAME.PART, those of a histogram as a list; NaN where the metric is undefined for the item",
                "anyOf": [number, {"type": "array", "items": number}],
            },
        },
    )
