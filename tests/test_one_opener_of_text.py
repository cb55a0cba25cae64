"""No module opens text by itself: what reads, decodes or cuts a file of text is in `textfiles` and its two neighbours."""

import ast
from pathlib import Path

import pytest

import zsbench

PACKAGE = Path(zsbench.__file__).parent
OPENERS = {"core/textfiles.py", "core/jsonfiles.py", "core/tablefiles.py"}

# What a module may do beside, and why that is no text of a user's.
ALLOWED = {
    (
        "config/catalog.py",
        "read_text",
    ): "the package's own modules and configs, read for one line of `list`; never refused",
    ("core/cache.py", "read_bytes"): "the cache's own entries, whose checksum is compared",
    ("core/kept_rows.py", "open"): "the keys of the cache's own entries, which are checked when they are loaded",
    ("core/kept_rows.py", "json.loads"): "the header of such an entry",
    ("data/collections/run_columns.py", "read_csv"): "runs without a fault; all others are left to `textfiles`",
    ("core/cache.py", "json.loads"): "the header of such an entry",
    ("core/arrays.py", "open"): "the first bytes of an .npy file",
    ("core/arrays.py", "json.loads"): "metadata of a safetensors file",
    ("core/files.py", "open"): "a file that was just written, to be synced",
    ("core/outputs.py", "read_bytes"): "an earlier answer, compared byte by byte with the one to write",
    ("core/records.py", "open"): "bytes for a digest",
    ("results/store.py", "read_bytes"): "a file of a run's folder, where a damaged one counts as absent",
    ("results/items.py", "open"): "the first and last bytes of a parquet file",
    ("results/order.py", "read_text"): "as above",
    ("results/order.py", "json.loads"): "as above",
    ("results/store.py", "json.loads"): "as above",
    ("results/claim.py", "read_text"): "as above",
    ("results/claim.py", "json.loads"): "as above",
    ("corpus/writing.py", "open"): "appends to its own unfinished file",
    ("corpus/writing.py", "read_bytes"): "that file, whose last line may be cut within a character",
    ("cli/_screen.py", "import codecs"): "what a terminal cannot show",
    ("cli/_screen.py", "open"): "the null device",
    ("core/score_kinds.py", "json.loads"): "metadata of a parquet file",
    ("tasks/formats/class_tables.py", "json.loads"): "metadata of a parquet file",
    ("data/images/hf_datasets.py", "read_bytes"): "an image",
    ("data/images/parquet_images.py", "json.loads"): "metadata of a parquet file",
    ("data/images/tar_members.py", "open"): "the bytes of a member of a shard",
    ("metrics/spans/answers.py", "json.loads"): "what a language model answered",
    ("models/weight_files.py", "open"): "the first bytes of a file of weights",
    ("models/weight_files.py", "json.loads"): "the header of a safetensors file",
    ("models/endpoints/replies.py", "json.loads"): "the answer of an endpoint",
    ("models/endpoints/store.py", "json.loads"): "an answer that the store itself has written",
    ("plan/job.py", "decode(errors=...)"): "a name that is cut, for a folder",
    ("plan/_code_digest.py", "read_bytes"): "the package's own modules, for a digest",
    ("plan/_code_digest.py", "decode(errors=...)"): "as above",
    ("report/writers/csv.py", "import csv"): "writes",
    ("report/html/page.py", "read_text"): "the package's own template, style and scripts",
    ("report/html/folder.py", "open"): "the first bytes of a page, to tell whether a report was written there",
    ("tasks/formats/maps.py", "open"): "writes a member of an .npz file",
    (
        "models/spans/_network.py",
        "read_text",
    ): "a part of a model's folder; `_pretrained.opening` words what is wrong",
    ("models/spans/_network.py", "json.loads"): "as above",
}


def calls(tree):
    """Yield (line, what) of every call that opens, decodes or cuts text."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            yield from ((node.lineno, f"import {name}") for name in names if name in ("gzip", "csv", "codecs", "bz2"))
        if not isinstance(node, ast.Call):
            continue
        function, texts = node.func, [a.value for a in node.args if isinstance(a, ast.Constant)]
        if isinstance(function, ast.Name) and function.id == "open":
            yield node.lineno, "open"
        elif isinstance(function, ast.Attribute):
            owner = function.value.id if isinstance(function.value, ast.Name) else ""
            keywords = {keyword.arg for keyword in node.keywords}
            if function.attr == "open" and (keywords & {"encoding", "newline"} or {"r", "rb", "a", "w"} & set(texts)):
                yield node.lineno, "open"
            if function.attr in ("read_text", "read_bytes", "loadtxt", "genfromtxt", "read_csv", "fromfile"):
                yield node.lineno, function.attr
            if owner == "json" and function.attr in ("load", "loads"):
                yield node.lineno, f"json.{function.attr}"
            if function.attr == "decode" and "errors" in keywords:
                yield node.lineno, "decode(errors=...)"


def found():
    return {
        (str(path.relative_to(PACKAGE)), what): line
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).as_posix() not in OPENERS
        for line, what in calls(ast.parse(path.read_text(encoding="utf-8")))
    }


def test_no_module_opens_text_by_itself():
    wrong = [f"zsbench/{file}:{line}: {what}" for (file, what), line in found().items() if (file, what) not in ALLOWED]
    assert not wrong, "use zsbench.core.textfiles, jsonfiles or tablefiles, or say in ALLOWED why not:\n" + "\n".join(
        wrong
    )


def test_every_exception_is_used():
    assert set(ALLOWED) <= set(found())


@pytest.mark.parametrize(
    "code",
    [
        "open(p)",
        "p.open('rb')",
        "p.read_text()",
        "import gzip",
        "json.load(f)",
        "np.loadtxt(p)",
        "b.decode(errors='x')",
    ],
)
def test_the_test_sees_what_it_looks_for(code):
    assert list(calls(ast.parse(code)))
