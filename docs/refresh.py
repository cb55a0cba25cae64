"""Run every command shown in README and docs and put its real output below it.

A shown command is an HTML comment with the command, followed by a fenced block:

    <!-- run: zsbench list papers -->
    ```text
    (output)
    ```

Commands run in one empty folder a page, so a page reads like a session of its own. A command that shows a mistake
says so, `<!-- run (exit 2): ... -->`; every other one has to succeed. `--check` changes nothing and fails when a
command ends otherwise.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHOWN = re.compile(r"(<!-- run(?: \(exit (\d)\))?: (.*?) -->\n```text\n)(.*?)(```)", re.DOTALL)


def output(command: str, folder: Path, wanted: int) -> str:
    """Return what the command prints (both streams), trailing blanks removed; it has to end with the wanted code."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ZSBENCH_CACHE": str(folder / ".cache"),
        "COLUMNS": "120",
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != wanted:
        raise SystemExit(f"{command!r} ended with {done.returncode}:\n{done.stdout}")
    lines = [line.rstrip() for line in done.stdout.replace(str(ROOT), "...").splitlines()]
    return f"$ {command}\n" + "\n".join(lines).strip("\n") + "\n"


def main() -> None:
    """Refresh (or with --check only run) every page."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            fresh = SHOWN.sub(lambda m: f"{m[1]}{output(m[3], Path(folder), int(m[2] or 0))}{m[5]}", text)
        if "--check" not in sys.argv and fresh != text:
            page.write_text(fresh, encoding="utf-8")
            print(f"refreshed {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
