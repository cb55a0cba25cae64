"""Work of the size that people do, as whole processes beside the smallest program that does the same.

    python benchmarks/scale.py                           # every file of benchmarks/work
    python benchmarks/scale.py image_text --size images=1000

Figures are CPU seconds (user + system, all children) and the peak memory of the largest process, the least of
`--repeats` runs, both sides in turn. Every run of zsbench starts without a cache of its own, unless the row is about
the cache. Results go to benchmarks/results/scale.json, row by row; a row whose goal is missed says so.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "scale.json"


def measured(commands: list[list[str]], folder: Path) -> dict[str, float]:
    """Return CPU seconds, wall seconds and peak MB of commands that run one after another."""
    cpu = peak = 0.0
    start = time.perf_counter()
    for number, command in enumerate(commands):
        with (folder / f"log-{number}.txt").open("w") as log:
            env = {**os.environ, "ZSBENCH_CACHE": str(folder / "cache"), "PYTHONPATH": str(HERE.parent)}
            child = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(command)}\n{Path(log.name).read_text()[-2000:]}")
        cpu += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10))
    return {"cpu_seconds": round(cpu, 2), "wall_seconds": round(time.perf_counter() - start, 2), "peak_mb": round(peak)}


def row(name: str, sizes: dict[str, int], repeats: int) -> dict[str, Any]:
    """Measure one kind of work on both sides."""
    work = importlib.import_module(f"benchmarks.work.{name}")
    sizes = {**work.SIZES, **{key: value for key, value in sizes.items() if key in work.SIZES}}
    start = f"from pathlib import Path; import benchmarks.work.{name} as w"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        # In a process of its own: a child's peak memory begins with that of the process that starts it.
        arguments = ", ".join(f"{key}={value}" for key, value in sizes.items())
        measured([[sys.executable, "-c", f"{start}; w.prepare(Path(), {arguments})"]], folder)
        theirs = [[sys.executable, "-c", f"{start}; w.smallest(Path())"]]
        pairs = []
        for _ in range(repeats):
            # Earlier results and cached arrays would be less than the work.
            for left in ("out", "cache"):
                subprocess.run(["rm", "-rf", str(folder / left)], check=True)
            pairs.append((measured(work.ours(), folder), measured(theirs, folder)))
    ours, smallest = (min((pair[side] for pair in pairs), key=lambda m: m["cpu_seconds"]) for side in (0, 1))
    ratio = round(ours["cpu_seconds"] / smallest["cpu_seconds"], 2)
    met = None if work.GOAL is None else ratio <= work.GOAL
    return {"sizes": sizes, "zsbench": ours, "smallest": smallest, "ratio": ratio, "goal": work.GOAL, "met": met}


def main() -> None:
    """Print and write one row for each kind of work."""
    known = sorted(path.stem for path in (HERE / "work").glob("[a-z]*.py"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*known, []], default=[])
    parser.add_argument("--size", action="append", default=[], metavar="KEY=N")
    parser.add_argument("--repeats", type=int, default=2)
    options = parser.parse_args()
    sizes = {key: int(n) for key, n in (text.split("=") for text in options.size)}
    sys.path.insert(0, str(HERE.parent))
    print("| work | zsbench CPU s, MB | smallest CPU s, MB | ratio | goal |\n|---|---|---|---|---|")
    for name in options.names or known:
        found = row(name, sizes, options.repeats)
        sides = [f"{side['cpu_seconds']}, {side['peak_mb']}" for side in (found["zsbench"], found["smallest"])]
        goal = "" if found["goal"] is None else f"{found['goal']}{'' if found['met'] else ' missed'}"
        print(f"| {name} | {' | '.join(sides)} | {found['ratio']} | {goal} |", flush=True)
        machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "processor": platform.machine()}
        written = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {"rows": {}}
        written["machine"] = machine
        written["rows"][name] = found
        written["rows"] = dict(sorted(written["rows"].items()))
        RESULTS.write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    main()
