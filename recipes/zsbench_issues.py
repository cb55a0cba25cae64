"""Issues as somebody might report them against zsbench itself, each with a pool of its functions and those to change.

Run: python -m recipes.zsbench_issues --out zsbench/assets

The functions are copied as they stand when this runs; a later zsbench need not have them any more.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
from dataclasses import dataclass
from pathlib import Path

from recipes.common import write_card

SEED = 0
OTHERS = 8
LONGEST = 500
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Report:
    """An issue, the functions its fix changes, and the files that its pool is drawn from (with those of the fix)."""

    id: str
    text: str
    gold: tuple[str, ...]
    files: tuple[str, ...]


REPORTS = [
    Report(
        "batching-1",
        "Vectors come back in the wrong order. When short and long texts are encoded together, the results are sorted "
        "by length instead of standing where the texts stood that I passed in.",
        ("zsbench/core/batching.py/map_by_length",),
        ("zsbench/core/ahead.py", "zsbench/core/arrays.py"),
    ),
    Report(
        "files-1",
        "After a power cut result.json was there but only half of it. I expected the content to go to a temporary "
        "file first and to be moved into place once it is on disk.",
        ("zsbench/core/files.py/replacing",),
        ("zsbench/results/store.py",),
    ),
    Report(
        "cache-1",
        "I changed one byte of a cached array by hand and the next run took it without a word. Should a damaged entry "
        "not be noticed by its checksum and computed again?",
        ("zsbench/core/cache.py/Cache/_load",),
        ("zsbench/core/files.py", "zsbench/core/records.py"),
    ),
    Report(
        "errors-1",
        "The suggestion after a typo is useless: for `cifra10` it offers a name that has hardly a letter in common "
        "with mine. Nearest names should be near, upper and lower case aside.",
        ("zsbench/core/errors.py/did_you_mean",),
        ("zsbench/config/catalog.py",),
    ),
    Report(
        "intervals-1",
        "With 3 of 3 items right the table shows an interval for a proportion that ends above 100 %. Accuracies need "
        "the score interval, not mean plus or minus two standard errors.",
        ("zsbench/metrics/shares.py/wilson",),
        ("zsbench/metrics/spans/spans.py", "zsbench/metrics/depth/depth.py"),
    ),
    Report(
        "metrics-1",
        "One item without a defined value turns the whole metric into nan. Such rows have to be left out before "
        "reducing, and if none is left that is an error and not a zero.",
        ("zsbench/metrics/metric.py/Metric/reduce",),
        ("zsbench/metrics/spans/spans.py",),
    ),
    Report(
        "trec-1",
        "Equal scores: two documents that tie are listed in another order than trec_eval lists them. It compares "
        "single precision and then the ids, descending.",
        ("zsbench/metrics/rankings/pytrec.py/trec_order",),
        ("zsbench/metrics/rankings/retrieval.py", "zsbench/methods/rerank/scores.py"),
    ),
    Report(
        "collections-1",
        "A document that stands twice for one query should be refused with file and line, whether it is in the run or "
        "in the judgements. Now the second one silently wins in both.",
        ("zsbench/data/collections/judgements.py/read_run", "zsbench/data/collections/judgements.py/read_qrels"),
        ("zsbench/data/collections/stored.py",),
    ),
    Report(
        "windows-1",
        "25 candidates, windows of 20 in steps of 10: the five at the head of the list are never shown to the model. "
        "The last window should be cut off at the head instead of being dropped.",
        ("zsbench/methods/rerank/_windows.py/windows",),
        ("zsbench/methods/rerank/_sorting.py",),
    ),
    Report(
        "parsing-1",
        "A model wrote `[2] > [2] > [1]` and the repeated identifier took two places. Whatever the parser, strict or "
        "lenient, an identifier may count once only.",
        ("zsbench/methods/rerank/_parse.py/lenient", "zsbench/methods/rerank/_parse.py/strict"),
        ("zsbench/methods/shared/document_texts.py",),
    ),
    Report(
        "sorting-1",
        "Heap sort compares the whole list to the end although only the ten best are asked for. It should stop once k "
        "elements have been taken from the heap.",
        ("zsbench/methods/rerank/_sorting.py/heapsort",),
        ("zsbench/methods/rerank/_windows.py", "zsbench/methods/rerank/scores.py"),
    ),
    Report(
        "tables-1",
        "A label with a vertical bar in it breaks the columns of the Markdown output.",
        ("zsbench/report/writers/markdown.py/escaped",),
        ("zsbench/core/records.py",),
    ),
    Report(
        "tables-2",
        "Security: a model named `=1+1` is run as a formula when somebody opens the exported CSV with a spreadsheet.",
        ("zsbench/report/writers/csv.py/defused",),
        ("zsbench/core/yamlio.py",),
    ),
    Report(
        "plan-1",
        "Two methods with one label write into the same folder and the second deletes the first. This should be "
        "refused before anything runs, with the advice to give one of them another label.",
        ("zsbench/plan/planning.py/_distinct",),
        ("zsbench/results/store.py",),
    ),
    Report(
        "plan-2",
        "I edited the metrics of a finished task and the old result was shown again. Does the hash of the job leave "
        "something out, or is the stored state resumed although the identity differs?",
        ("zsbench/plan/job.py/Job/config_hash", "zsbench/results/store.py/Store/resume"),
        ("zsbench/core/files.py",),
    ),
    Report(
        "limit-1",
        "`--limit 20` gives me 20 items in random order; a seeded subset is fine, but please in the original order.",
        ("zsbench/tasks/base.py/sample",),
        ("zsbench/core/records.py", "zsbench/core/yamlio.py"),
    ),
    Report(
        "bm25-1",
        "The first stage returns documents that share no word with the query at all, just to fill up the depth.",
        ("zsbench/search/bm25.py/Bm25/top",),
        ("zsbench/data/collections/collection.py", "zsbench/data/collections/stored.py"),
    ),
    Report(
        "retrieval-1",
        "Data with captions as queries only: the sum of recalls over both directions is nan, for there are no image "
        "queries to divide by.",
        ("zsbench/metrics/rankings/retrieval.py/_mean_of_both",),
        ("zsbench/metrics/rankings/pytrec.py",),
    ),
]


def functions(file: str) -> dict[str, str]:
    """Return the source of every function and method of a file, by `path/to/file.py/[Class/]name`."""
    text = (ROOT / file).read_text(encoding="utf-8")
    found: dict[str, str] = {}

    def walk(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                walk(node.body, f"{prefix}/{node.name}")
            elif isinstance(node, ast.FunctionDef):
                found[f"{prefix}/{node.name}"] = ast.get_source_segment(text, node) or ""

    walk(ast.parse(text).body, file)
    return found


def instance(report: Report, rng: random.Random) -> dict[str, object]:
    """Return a line of the JSONL: the functions of the fix among others that are short, in the order of the files."""
    homes = [name[: name.index(".py/") + 3] for name in report.gold]
    known = {name: text for file in dict.fromkeys([*homes, *report.files]) for name, text in functions(file).items()}
    missing = [name for name in report.gold if name not in known]
    if missing:
        raise SystemExit(f"{report.id}: zsbench has no function {missing[0]} any more")
    short = [name for name, text in known.items() if name not in report.gold and 80 <= len(text) <= LONGEST]
    chosen = {*report.gold, *rng.sample(short, min(OTHERS, len(short)))}
    candidates = [{"id": name, "text": text} for name, text in sorted(known.items()) if name in chosen]
    return {"id": report.id, "query": report.text, "candidates": candidates, "gold": list(report.gold)}


def main(out: Path) -> None:
    """Write issues.jsonl and its card."""
    rng = random.Random(SEED)
    lines = [instance(report, rng) for report in REPORTS]
    folder = out / "data" / "zsbench-issues"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "issues.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    write_card(
        folder,
        name="zsbench-issues",
        summary="Reports written by hand about faults zsbench might have, each with some of its functions.",
        recipe="python -m recipes.zsbench_issues",
        seed=SEED,
        settings={"instances": len(lines), "others": OTHERS, "longest": LONGEST},
        reached={},
        limits=["Pools of about nine functions are easy; a repository has thousands.", "The faults are imagined."],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("zsbench/assets"))
    main(parser.parse_args().out)
