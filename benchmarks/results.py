"""Work on finished results of the size that people have: two runs compared, a long table, a report of many items.

    python benchmarks/results.py                     # zsbench alone, or with ranx where it is installed
    pip install ranx                                 # what `compare` is measured against

Figures are CPU seconds (user + system, all children), wall seconds and peak memory of whole processes, the least of
`--repeats` runs. `compare` joins two runs of 50,000 queries, five metrics, from their results; ranx judges the same two
runs and tests them by t or by Fisher's randomisation (1,000 ways, its default; zsbench draws 9,999, and 4,000 resamples
for the intervals that ranx has none of). ranx judges each time, so that the ratio adds zsbench's own judging to its
`compare`. Results go to benchmarks/results/results.json, row by row.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.scale import measured  # noqa: E402
from zsbench.core.files import write_json  # noqa: E402
from zsbench.metrics import naming  # noqa: E402
from zsbench.results.items import item_columns  # noqa: E402

RESULTS = HERE / "results" / "results.json"
METRICS = {"nDCG@10": "ndcg@10", "MRR@10": "mrr@10", "Recall@10": "recall@10", "MAP": "map", "P@1": "precision@1"}
SYSTEMS = ("first", "second")
ZSBENCH = [sys.executable, "-m", "zsbench.cli.main"]


def example(n_queries: int, depth: int = 20) -> tuple[list[dict], list[dict], list[dict]]:
    """Return qrels and two runs over `depth` documents a query, of which three are relevant; the second is better."""
    rng = np.random.default_rng(0)
    names = [f"d{i}" for i in range(depth)]
    relevant = rng.permuted(np.tile(np.arange(depth) < 3, (n_queries, 1)), axis=1)
    qrels = [{names[i]: 1 for i in np.flatnonzero(row)} for row in relevant]
    runs = []
    for gain in (0.5, 0.55):
        scores = rng.normal(size=relevant.shape) + gain * relevant
        runs.append([dict(zip(names, row, strict=True)) for row in scores.tolist()])
    return qrels, runs[0], runs[1]


def result(task: str, method: str, metrics: dict[str, float], n: int) -> dict[str, Any]:
    """Return what result.json of a run holds."""
    score = {"unit": "%", "n": n, "better": "higher", "interval": "bootstrap(B=10000, seed=0)"}
    scores = {name: {"value": v, "low": v - 0.01, "high": v + 0.01, **score} for name, v in metrics.items()}
    return {
        "schema_version": 1, "task": task, "task_type": "rerank", "model": "none", "method": method,
        "synthetic": True, "protocol": "run top 20", "method_kind": "inductive", "method_uses": [], "n_items": n,
        "counts": {}, "metrics": scores,
        "cost": {}, "config": {"task": {"type": "rerank"}, "settings": {"seed": 0}}, "config_hash": method,
        "question": method, "data_fingerprint": task, "test_fingerprint": task, "model_fingerprint": "", "inputs": [],
        "seeds": {"run": 0}, "versions": {}, "commit": "", "device": "cpu", "dtype": "float32",
        "started": "2025-01-01T00:00:00+00:00", "seconds": 1.0,
    }  # fmt: skip


def prepare_runs(folder: Path, n_queries: int) -> float:
    """Write both runs' results, and return the CPU seconds that judging them took."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    qrels, *runs = example(n_queries)
    seconds = 0.0
    for method, rankings in zip(SYSTEMS, runs, strict=True):
        start = time.process_time()
        columns: dict[str, Any] = {"id": [f"q{i}" for i in range(n_queries)]}
        values = {}
        for name in METRICS:
            metric = naming.resolve(name)
            table = np.asarray(metric.statistics(rankings, qrels), dtype=np.float64).reshape(n_queries, -1)
            values[name] = metric.reduce(table)
            columns |= item_columns(name, table, metric.columns)
        seconds += time.process_time() - start
        columns["prediction"] = [" ".join(sorted(r, key=lambda d: -r[d])[:10]) for r in rankings]
        (folder / method).mkdir(parents=True)
        pq.write_table(pa.table(columns), folder / method / "items.parquet")
        write_json(folder / method / "result.json", result("queries", method, values, n_queries))
    return round(seconds, 2)


def prepare_many(folder: Path, n: int) -> None:
    """Write n results of a hundred tasks."""
    for number in range(n):
        path = folder / f"task-{number % 100}" / "none" / f"method-{number // 100}"
        path.mkdir(parents=True)
        values = dict.fromkeys(list(METRICS)[:2], number * 37 % 997 / 1000)
        (path / "result.json").write_text(
            json.dumps(result(f"task-{number % 100}", f"method-{number // 100}", values, 100))
        )


def with_ranx(n_queries: int, test: str, permutations: int) -> None:
    """Judge and compare both runs by ranx; with `test` empty, judge alone."""
    import ranx

    qrels, *runs = example(n_queries)
    names = [f"q{i}" for i in range(n_queries)]
    gold = ranx.Qrels(dict(zip(names, qrels, strict=True)))
    systems = [ranx.Run(dict(zip(names, run, strict=True)), name=name) for name, run in zip(SYSTEMS, runs, strict=True)]
    start = time.process_time()
    if test:
        ranx.compare(gold, systems, list(METRICS.values()), stat_test=test, n_permutations=permutations)
    else:
        for system in systems:
            ranx.evaluate(gold, system, list(METRICS.values()))
    print(time.process_time() - start)


def ranx_seconds(n_queries: int, test: str, permutations: int = 1000) -> float:
    """Return the CPU seconds that ranx says it took, its reading of the runs and its compiled code's cache aside."""
    warm, timed = f"r.with_ranx(100, {test!r}, 10)", f"r.with_ranx({n_queries}, {test!r}, {permutations})"
    code = f"import benchmarks.results as r; {warm}; {timed}"
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE.parent, capture_output=True, text=True, check=True)
    return round(float(done.stdout.split()[-1]), 2)


def least(command: list[str], folder: Path, repeats: int) -> dict[str, float]:
    """Return what a command takes, the least of several runs."""
    return min((measured([command], folder) for _ in range(repeats)), key=lambda row: row["cpu_seconds"])


def rows(folder: Path, options: argparse.Namespace) -> Any:
    """Yield (name, figures) of each kind of work."""
    sides = [str(folder / method) for method in SYSTEMS]
    judging = prepare_runs(folder, options.items)
    sizes = {"items": options.items, "metrics": len(METRICS)}
    ours = least([*ZSBENCH, "compare", *sides], folder, options.repeats)
    yield "compare", {**sizes, **ours, "goal": {"cpu_seconds": 10}, "met": ours["cpu_seconds"] <= 10}
    by_t = least([*ZSBENCH, "compare", *sides, "--test", "t"], folder, options.repeats)
    yield "compare --test t", {**sizes, **by_t}
    if importlib.util.find_spec("ranx"):
        theirs = {"judging": ranx_seconds(options.items, "")}
        for name, test in (("t", "student"), ("fisher, 1000", "fisher")):
            theirs[name] = ranx_seconds(options.items, test)
        yield (
            "ranx compare",
            {**sizes, "cpu_seconds": theirs, "zsbench judging": judging, "ratio": ratios(theirs, ours, by_t, judging)},
        )
    else:
        print("| ranx compare | left out: ranx is not installed (pip install ranx) | | |")
    prepare_many(folder / "many", options.results)
    table = least([*ZSBENCH, "table", str(folder / "many"), "-f", "csv"], folder, options.repeats)
    yield "table", {"results": options.results, **table, "goal": {"wall_seconds": 5}, "met": table["wall_seconds"] <= 5}
    if importlib.util.find_spec("zsbench.cli.report"):
        report = [*ZSBENCH, "report", *sides, "--html", str(folder / "page")]
        yield "report", {"items": 2 * options.items, **least(report, folder, 1)}
    else:
        print("| report | left out: this zsbench has no `report` | | |")


def ratios(
    theirs: dict[str, float], ours: dict[str, float], by_t: dict[str, float], judging: float
) -> dict[str, float]:
    """Return ranx's seconds over zsbench's, judging in both; zsbench's are those of a whole process."""
    pairs = {"t": by_t, "fisher, 1000": ours}
    return {name: round(theirs[name] / (row["cpu_seconds"] + judging), 2) for name, row in pairs.items()}


def main() -> None:
    """Print and write one row for each kind of work."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--results", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=2)
    options = parser.parse_args()
    written = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {"rows": {}}
    print("| work | CPU s | wall s | peak MB |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        for name, found in rows(Path(temporary), options):
            shown = (found.get(key, "") for key in ("cpu_seconds", "wall_seconds", "peak_mb"))
            print(
                f"| {name} | {' | '.join(map(str, shown))} |{'' if found.get('met', True) else ' missed'}", flush=True
            )
            written["machine"] = {
                "python": platform.python_version(),
                "cpus": os.cpu_count(),
                "processor": platform.machine(),
            }
            written["rows"] = {**written["rows"], name: found}
            RESULTS.write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    main()
