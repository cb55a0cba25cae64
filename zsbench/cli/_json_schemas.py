"""JSON Schema of what `--json` prints, made from the records that are printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

VERSION = 1
"""The `schema_version` of what `--json` prints."""


def known() -> dict[str, Callable[[], dict[str, Any]]]:
    """Return the schemas by the name under which `zsbench schema` has them."""
    from zsbench.results import schema_documents

    return {
        "result": schema_documents.result,
        "items": schema_documents.items,
        "eval-json": _eval,
        "table-json": _table,
        "compare-json": _compare,
        "check-json": _check,
        "ls-json": _ls,
    }


def _eval() -> dict[str, Any]:
    from zsbench.results.schema import Result

    suite = {
        "suite": {"type": "string"},
        "rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}},
        "results": {"type": "array", "items": {"$ref": "#/$defs/Result"}},
        "errors": {"type": "array", "items": _object({"run": {"type": "string"}, "error": {"type": "string"}})},
    }
    mean: dict[str, Any] = {name: {"type": "string"} for name in ("task", "metric", "unit", "better")}
    mean |= {"predictions": {"type": "integer"}} | {key: {"type": ["number", "null"]} for key in ("mean", "std")}
    suites = _object(suite)
    suites["properties"] = {**suites["properties"], "means": {"type": "array", "items": _object(mean)}}
    properties = {
        "rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}},
        "suites": {"type": "array", "items": suites},
    }
    result = Result.model_json_schema(ref_template="#/$defs/{model}")
    metric = result.pop("$defs")
    from zsbench.results.schema import NEEDED

    result["required"] = sorted(NEEDED)
    return _envelope("eval", "zsbench eval --json", properties, {"Row": _row(), "Result": result, **metric})


def _table() -> dict[str, Any]:
    properties = {"rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}}}
    return _envelope("table", "zsbench table --format json", properties, {"Row": _row()})


def _compare() -> dict[str, Any]:
    from zsbench.analysis.comparison.export import SCHEMA_VERSION

    number, count = {"type": ["number", "null"]}, {"type": ["integer", "null"]}
    texts = ("task", "metric", "unit", "better", "stars", "verdict", "test", "method", "first_run", "second_run")
    more = ("first_variant", "second_variant", "note")
    row: dict[str, Any] = {name: {"type": "string"} for name in (*texts, *more)}
    numbers = ("first", "second", "delta", "p", "p_holm", "p_fdr", "p_adjusted", "relative_improvement")
    row |= dict.fromkeys(numbers, number)
    row |= {name: {"type": "integer"} for name in ("n_items", "left_out", "undefined", "B", "seed")}
    row |= {name: {"type": "integer"} for name in ("first_side", "second_side")}
    row |= dict.fromkeys(("n_clusters", "wins", "ties", "losses"), count)
    row |= {"is_average": {"type": "boolean"}, "confidence": {"type": "number"}, "seeds": {"type": ["object", "null"]}}
    ends = {"^ci[0-9.]+_(low|high)$": number}
    ranks = {"metric": {"type": "string"}, "tasks": _list("string"), "average": _list("number"), "friedman_p": number}
    properties = {
        "sides": _list("string"),
        "correction": {"enum": ["holm", "fdr"]},
        "differences": {"type": "array", "items": _object(row) | {"patternProperties": ends}},
        "ranks": {"type": "array", "items": _object(ranks)},
        "notes": _list("string"),
    }
    return _envelope("compare", "zsbench compare --json", properties, {}, SCHEMA_VERSION)


def _list(kind: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": kind}}


def _check() -> dict[str, Any]:
    from zsbench.analysis.gate.verdict import Verdict

    row = _record(Verdict)
    properties = {"rows": {"type": "array", "items": {"$ref": "#/$defs/Verdict"}}}
    return _envelope("check", "zsbench check --json", properties, {"Verdict": row, **row.pop("$defs", {})})


def _ls() -> dict[str, Any]:
    text, count = {"type": "string"}, {"type": ["integer", "null"]}
    run = {
        "folder": text,
        "state": {"enum": ["finished", "interrupted", "stale", "damaged", "running"]},
        "reason": text,
        **{key: {"type": ["string", "null"]} for key in ("task", "model", "method")},
        "average": {"type": "boolean"},
        "items_done": count,
        "items": count,
        "bytes": {"type": "integer"},
    }
    return _envelope("ls", "zsbench ls --json", {"runs": {"type": "array", "items": _object(run)}}, {})


def _row() -> dict[str, Any]:
    from zsbench.report.tables import Row

    return _record(Row)


def _record(kind: type) -> dict[str, Any]:
    """Return the schema of a dataclass, all of whose fields are printed."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(kind).json_schema(ref_template="#/$defs/{model}")
    return schema | {"required": list(schema["properties"])}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _envelope(
    name: str, title: str, properties: dict[str, Any], definitions: dict[str, Any], version: int = VERSION
) -> dict[str, Any]:
    from zsbench.results.schema_documents import document

    schema = _object({"schema_version": {"const": version}, **properties})
    return document(f"{name}-json", title, schema | ({"$defs": definitions} if definitions else {}), version)
