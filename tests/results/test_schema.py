"""What results and `--json` hold is what their JSON Schema says, and the schema is what was promised."""

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.command import call
from zsbench.core.records import SCHEMA_VERSION
from zsbench.results import schema, schema_documents

ROOT = Path(__file__).resolve().parents[2]
V1 = Path(__file__).parent / "v1" / "every-type"
RESULTS = sorted(V1.rglob("result.json"))

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
KNOWN = {"$schema", "$id", "$defs", "title", "description", "default", "type", "const", "enum", "properties", "required",
         "items", "anyOf", "additionalProperties", "patternProperties", "$ref", "format"}  # fmt: skip


def problems(value, schema, root, place="$"):
    """Yield what a JSON Schema has against a value: as much of draft 2020-12 as is used here, and nothing else."""
    assert not set(schema) - KNOWN, set(schema) - KNOWN
    if "$ref" in schema:
        yield from problems(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, place)
    if "const" in schema and value != schema["const"]:
        yield f"{place}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is none of {schema['enum']}"
    if "anyOf" in schema and all(list(problems(value, each, root)) for each in schema["anyOf"]):
        yield f"{place}: {value!r} fits nothing of anyOf"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    of_kind = [isinstance(value, TYPES[kind]) and (kind == "boolean" or type(value) is not bool) for kind in kinds]
    if kinds and not any(of_kind):
        yield f"{place}: {value!r} is no {kinds}"
    elif isinstance(value, dict):
        yield from (f"{place}: no '{name}'" for name in schema.get("required", ()) if name not in value)
        other = schema.get("additionalProperties", True)
        for name, part in value.items():
            of_pattern = [s for pattern, s in schema.get("patternProperties", {}).items() if re.search(pattern, name)]
            inside = schema.get("properties", {}).get(name, of_pattern[0] if of_pattern else other)
            if inside is False:
                yield f"{place}: unknown '{name}'"
            elif inside is not True:
                yield from problems(part, inside, root, f"{place}.{name}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from problems(part, schema.get("items", {}), root, f"{place}[{number}]")


def of(name):
    code, screen = call("schema", name)
    assert code == 0, screen.err
    return json.loads(screen.out)


def fits(value, name):
    document = of(name)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"].startswith("urn:zsbench:schema:")
    return list(problems(value, document, document))


@pytest.mark.parametrize("name", ["result", "items"])
def test_the_schema_is_the_one_that_was_promised(name):
    promised = ROOT / "docs" / "schema" / f"{name}-{SCHEMA_VERSION}.json"
    hint = f"after reading CONTRIBUTING, 'Change what a result holds': zsbench schema {name} > {promised.relative_to(ROOT)}"
    assert json.loads(promised.read_text(encoding="utf-8")) == getattr(schema_documents, name)(), hint


@pytest.mark.parametrize("path", RESULTS, ids=[f"{path.parts[-4]}-{path.parts[-2]}" for path in RESULTS])
def test_results_and_their_items_fit_the_schema(path):
    result = json.loads(path.read_text())
    assert fits(result, "result") == []
    assert schema.problem(result) == ""
    if (path.parent / "items.parquet").is_file():
        for row in pq.read_table(path.parent / "items.parquet").to_pylist():
            assert fits(row, "items") == []


@pytest.mark.parametrize(
    "change",
    [{"schema_version": 2}, {"task": 3}, {"metrics": {"acc@1": {"value": "high"}}}, {"method_uses": "test set"}, {"n_items": 1.5}],
)  # fmt: skip
def test_schema_and_reader_refuse_alike(change):
    result = json.loads(RESULTS[0].read_text()) | change
    assert fits(result, "result") != []
    if "schema_version" not in change:
        assert schema.problem(result) != ""


def test_what_commands_print_fits_their_schemas(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = (
        "eval",
        "synonyms",
        "--method",
        "bm25",
        "--method",
        "random-order",
        "--limit",
        5,
        "--set",
        "task.missing=skip",
    )
    printed = {"eval-json": call(*names, "--json")[1].out}
    sides = [f"runs/synonyms/synonyms/none/{method}" for method in ("bm25", "random-order")]
    printed["table-json"] = call("table", "runs", "--format", "json")[1].out
    printed["compare-json"] = call("compare", *sides, "--json", "--resamples", 100)[1].out
    printed["ls-json"] = call("ls", "runs", "--json")[1].out
    assert call("check", "runs", "--baseline", "baselines", "--update")[0] == 0
    printed["check-json"] = call("check", "runs", "--baseline", "baselines", "--json", "--resamples", 100)[1].out
    for name, text in printed.items():
        value = json.loads(text)
        assert fits(value, name) == [], name
        [key] = [key for key in ("rows", "differences", "runs") if key in value]
        assert value[key], name
        value[key][0] = {}
        assert fits(value, name) != [], name
