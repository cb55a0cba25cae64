"""Run every command shown in README and docs and put its real output below it.

A shown command is an HTML comment with the command, followed by a fenced block:

    <!-- run: zsbench list papers -->
    ```text
    (output)
    ```

What Python says is shown likewise, the value of a block's last line as a notebook shows it:

    <!-- python -->
    ```python
    (code)
    ```
    ```text
    (output)
    ```

The blocks of a page run one after another in one process, after its commands.

Commands run in one empty folder a page, so a page reads like a session of its own. A command that shows a mistake
says so, `<!-- run (exit 2): ... -->`; every other one has to succeed. `--check` changes nothing and fails when a
command ends otherwise. Without names of pages all are run: `python docs/refresh.py docs/tables.md` runs one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHOWN = re.compile(r"(<!-- run(?: \(exit (\d)\))?: (.*?) -->\n```text\n)(.*?)(```)", re.DOTALL)
PYTHON = re.compile(r"(<!-- python -->\n```python\n(.*?)```\n```text\n)(.*?)(```)", re.DOTALL)

SESSION = """
import ast, contextlib, io, json, sys
names, outputs = {"__name__": "__main__"}, []
for block in json.load(sys.stdin):
    body, shown = ast.parse(block).body, io.StringIO()
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(shown):
        exec(compile(ast.Module(body, []), "page", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "page", "eval"), names) if last else None
        if value is not None:
            print(repr(value))
    outputs.append(shown.getvalue())
json.dump(outputs, sys.stdout)
"""


def output(command: str, folder: Path, wanted: int) -> str:
    """Return what the command prints (both streams), trailing blanks removed; it has to end with the wanted code."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment(folder),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != wanted:
        raise SystemExit(f"{command!r} ended with {done.returncode}:\n{done.stdout}")
    lines = [line.rstrip() for line in done.stdout.replace(str(ROOT), "...").splitlines()]
    return f"$ {command}\n" + "\n".join(lines).strip("\n") + "\n"


def environment(folder: Path) -> dict[str, str]:
    """Return what shown commands and code find around them."""
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ZSBENCH_CACHE": str(folder / ".cache"),
        "COLUMNS": "120",
        "NO_COLOR": "1",
    }


def session(blocks: list[str], folder: Path) -> list[str]:
    """Return what each block of a page's Python prints, trailing blanks removed; every block has to run."""
    command = [sys.executable, "-c", SESSION]
    done = subprocess.run(
        command, cwd=folder, env=environment(folder), text=True, input=json.dumps(blocks), capture_output=True
    )
    if done.returncode:
        raise SystemExit(f"a block of Python failed:\n{done.stderr}")
    texts = [text.replace(str(ROOT), "...").rstrip("\n").splitlines() for text in json.loads(done.stdout)]
    return ["".join(f"{line.rstrip()}\n" for line in lines) for lines in texts]


def blocks_of(text: str) -> list[str]:
    """Return the code of a page's Python blocks."""
    return [match[2] for match in PYTHON.finditer(text)]


def with_outputs(text: str, folder: Path) -> str:
    """Return a page with what its Python blocks print."""
    blocks = blocks_of(text)
    outputs = iter(session(blocks, folder) if blocks else [])
    return PYTHON.sub(lambda m: f"{m[1]}{next(outputs)}{m[4]}", text)


def main() -> None:
    """Refresh (or with --check only run) the pages named, or every page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pages", nargs="*", type=Path, help="pages to run; all of them where none is named")
    parser.add_argument("--check", action="store_true", help="change nothing")
    chosen = parser.parse_args()
    for page in chosen.pages or [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            fresh = SHOWN.sub(lambda m: f"{m[1]}{output(m[3], Path(folder), int(m[2] or 0))}{m[5]}", text)
            fresh = with_outputs(fresh, Path(folder))
        if not chosen.check and fresh != text:
            page.write_text(fresh, encoding="utf-8")
            print(f"refreshed {page.resolve().relative_to(ROOT)}")


if __name__ == "__main__":
    main()
