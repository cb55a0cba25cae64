"""Start-up cost of the command line, beside a bare Typer program and the peers' `--help`.

    python benchmarks/startup.py                 # zsbench against a bare Typer program
    python benchmarks/startup.py --peers         # also lm_eval, clip_benchmark, mteb, lighteval

Every command runs in a fresh process with its byte code at hand, as an installed program has it. Figures are CPU
seconds (user + system), the least over the runs, because the least is what the work costs when nothing disturbs it.
zsbench and the bare program take turns; the ratio is to the bare program's `--help` for `--help`, and for all else to
a bare command that runs. Peers are installed into throw-away virtual environments, one each, that see this
environment's packages for what they share (torch, transformers). Results go to benchmarks/results/startup.json.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "startup.json"
BARE = '''
import typer
app = typer.Typer()

@app.command()
def hello(name: str = "you") -> None:
    """Greet."""
    typer.echo(name)

@app.command()
def bye(name: str = "you") -> None:
    """Part."""
    typer.echo(name)

app()
'''
PEERS = {"lm_eval": "lm_eval", "clip_benchmark": "clip-benchmark", "mteb": "mteb", "lighteval": "lighteval"}
OURS = [
    ["--help"],
    ["list", "tasks"],
    ["list", "metrics"],
    ["show", "icr"],
    ["show", "digits"],
    ["validate", "names-seen"],
    ["validate", "quickstart"],
]


def cpu_seconds(command: list[str], environment: dict[str, str]) -> float:
    """Return the CPU time of a command in a fresh process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.decode()[-2000:]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def least(commands: list[list[str]], runs: int, environment: dict[str, str]) -> list[float]:
    """Return the least CPU time of each command; they take turns, so that what disturbs one disturbs all."""
    for command in commands:
        cpu_seconds(command, environment)  # writes the byte code
    rounds = [[cpu_seconds(command, environment) for command in commands] for _ in range(runs)]
    return [min(column) for column in zip(*rounds, strict=True)]


def peer_command(tool: str, package: str, folder: Path) -> tuple[list[str], str] | None:
    """Install a peer into its own environment; return its `--help` command and version, None when it can't be had."""
    venv.create(folder, with_pip=True)
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (own / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = [folder / "bin/pip", "install", "-q"]
    done = subprocess.run([*install, package], capture_output=True, text=True, check=False)
    if done.returncode == 0 and not (folder / "bin" / tool).exists():  # it is among the shared packages already
        command = [*install, "--ignore-installed", "--no-deps", package]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not (folder / "bin" / tool).exists():
        print(f"{tool}: not installable here\n{done.stderr[-1000:]}", file=sys.stderr)
        return None
    asked = f"import importlib.metadata as m; print(m.version('{package}'))"
    version = subprocess.run([folder / "bin/python", "-c", asked], capture_output=True, text=True, check=True)
    return [str(folder / "bin" / tool), "--help"], version.stdout.strip()


def measure_peers(scratch: Path, environment: dict[str, str], bare: float) -> list[dict[str, object]]:
    """Return a row for every peer that can be installed."""
    rows: list[dict[str, object]] = []
    for tool, package in PEERS.items():
        found = peer_command(tool, package, scratch / tool)
        if found is None:
            rows.append({"command": f"{tool} --help", "cpu_seconds": None, "ratio": None})
            continue
        command, version = found
        cost = least([command], 3, environment)[0]
        rows.append({"command": f"{tool} --help", "version": version, "cpu_seconds": cost, "ratio": cost / bare})
    return rows


def main() -> None:
    """Print a table of CPU seconds and ratios, and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", action="store_true", help="install and measure the peers too")
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    zsbench = str(Path(sys.executable).parent / "zsbench")
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment["PYTHONPYCACHEPREFIX"] = str(scratch / "byte-code")
        program = scratch / "bare.py"
        program.write_text(BARE)
        bare = [[sys.executable, str(program), "--help"], [sys.executable, str(program), "hello"]]
        costs = least([*bare, *([zsbench, *arguments] for arguments in OURS)], options.runs, environment)
        names = ["bare Typer --help", "bare Typer command", *(f"zsbench {' '.join(arguments)}" for arguments in OURS)]
        rows: list[dict[str, object]] = [
            {"command": name, "cpu_seconds": cost, "ratio": cost / costs["--help" not in name]}
            for name, cost in zip(names, costs, strict=True)
        ]
        if options.peers:
            rows += measure_peers(scratch, environment, costs[0])
    print("| command | CPU s | ratio to bare Typer |\n|---|---|---|")
    for row in rows:
        for key in ("cpu_seconds", "ratio"):
            row[key] = row[key] if row[key] is None else round(float(str(row[key])), 3)
        print(f"| {row['command']} | {row['cpu_seconds']} | {row['ratio']} |")
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "processor": platform.machine()}
    versions = {name: importlib.metadata.version(name) for name in ("zsbench", "typer", "pydantic")}
    RESULTS.write_text(json.dumps({"machine": machine, "versions": versions, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
