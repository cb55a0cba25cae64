"""Start-up cost of the command line, beside a bare Typer program and the peers' `--help`.

    python benchmarks/startup.py                 # zsbench against a bare Typer program
    python benchmarks/startup.py --peers         # also lm_eval, clip_benchmark, mteb, lighteval

Every command runs in a fresh process; the figure is CPU time (user + system), the minimum over the runs, because
the minimum is what the work costs when nothing else disturbs it. Peers are installed into throw-away virtual
environments, one each, which are removed afterwards. Ratios are to the bare program measured in the same run.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

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
    ["validate", "names-unseen"],
    ["validate", "quickstart"],
]


def cpu_seconds(command: list[str], runs: int) -> float:
    """Return the least CPU time of the command over several fresh processes."""
    found = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, env=environment, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.decode()[-2000:]}")
        found.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(found)


def peer_command(tool: str, package: str, folder: Path) -> list[str] | None:
    """Install a peer into its own environment and return its `--help` command; None when it cannot be had."""
    venv.create(folder, with_pip=True)
    done = subprocess.run([folder / "bin/pip", "install", "-q", package], capture_output=True, check=False)
    if done.returncode != 0 or not (folder / "bin" / tool).exists():
        print(f"{tool}: not installable here", file=sys.stderr)
        return None
    return [str(folder / "bin" / tool), "--help"]


def main() -> None:
    """Print a table of CPU seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", action="store_true", help="install and measure the peers too")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    zsbench = str(Path(sys.executable).parent / "zsbench")
    with tempfile.TemporaryDirectory() as scratch:
        bare = Path(scratch) / "bare.py"
        bare.write_text(BARE)
        help_cost = cpu_seconds([sys.executable, str(bare), "--help"], options.runs)
        run_cost = cpu_seconds([sys.executable, str(bare), "hello"], options.runs)
        rows = [("bare Typer --help", help_cost, help_cost), ("bare Typer command", run_cost, run_cost)]
        for arguments in OURS:
            base = help_cost if arguments == ["--help"] else run_cost
            rows.append((f"zsbench {' '.join(arguments)}", cpu_seconds([zsbench, *arguments], options.runs), base))
        for tool, package in PEERS.items() if options.peers else ():
            command = peer_command(tool, package, Path(scratch) / tool)
            if command:
                subprocess.run(command, capture_output=True, check=False)
                rows.append((f"{tool} --help", cpu_seconds(command, 3), help_cost))
        print("| command | CPU s | ratio to bare Typer |\n|---|---|---|")
        for name, cost, base in rows:
            print(f"| {name} | {cost:.3f} | {cost / base:.2f} |")


if __name__ == "__main__":
    main()
