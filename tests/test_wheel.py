"""The wheel alone, in an empty environment and an empty folder, runs the quickstart."""

import ast
import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_wheel_holds_configs_assets_and_licence(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "zsbench/configs/suites/quickstart.yaml" in names
    assert "zsbench/assets/models/clip-glyphs/open_clip_model.safetensors" in names
    assert "zsbench/py.typed" in names
    assert {f"zsbench/report/html/assets/{name}" for name in ("page.html", "page.css", "items.js")} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "recipes/", "results/")) for name in names)


def test_assets_are_small_and_readable_by_everyone():
    files = [path for path in (ROOT / "zsbench" / "assets").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 16e6
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in files)
    assert not any(path.suffix in {".bin", ".pt", ".pkl", ".pickle"} for path in files)


def test_every_import_is_a_declared_dependency(wheel):
    metadata = next(n for n in zipfile.ZipFile(wheel).namelist() if n.endswith("METADATA"))
    text = zipfile.ZipFile(wheel).read(metadata).decode()
    declared = {
        re.split(r"[ ;<>=\[]", line)[1].lower().replace("_", "-") for line in re.findall("Requires-Dist.*", text)
    }
    owners = packages_distributions()
    imported = set()
    for path in (ROOT / "zsbench").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add((node.module or "").split(".")[0])
    third_party = {name for name in imported if name in owners and name not in sys.stdlib_module_names | {"zsbench"}}
    # huggingface_hub is how transformers and datasets reach the hub: it comes with both.
    undeclared = {
        name
        for name in third_party - {"huggingface_hub"}
        if not {o.lower().replace("_", "-") for o in owners[name]} & declared
    }
    assert undeclared == set()


@pytest.mark.slow
def test_quickstart_from_an_empty_folder(wheel, tmp_path):
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", str(wheel)], check=True, capture_output=True)
    # The dependencies are lent by this environment (installing torch again would take minutes); zsbench is not:
    # the editable install is a .pth file, and those count only in a site folder of the interpreter's own.
    lent = next(p for p in sys.path if p.endswith("site-packages"))
    site = next((environment / "lib").glob("python*/site-packages"))
    (site / "lent.pth").write_text(lent + "\n")
    folder = tmp_path / "empty"
    folder.mkdir()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("ZSBENCH", "HF_", "TRANSFORMERS", "PYTHONPATH"))}
    env |= {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run(
        [environment / "bin" / "zsbench", "eval", "quickstart", "--offline", "--json"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    where = subprocess.run(
        [python, "-c", "import zsbench; print(zsbench.__file__)"], cwd=folder, env=env, capture_output=True, text=True
    )
    assert where.stdout.startswith(str(environment))
    [suite] = json.loads(done.stdout)["suites"]
    families = {result["task_type"] for result in suite["results"]}
    assert families == {"image-classification", "rerank", "ner", "depth"}
