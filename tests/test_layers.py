"""The house: no import goes up, none runs in a circle, and an underscore means private to its folder."""

import ast
from pathlib import Path

import pytest

import zsbench

PACKAGE = Path(zsbench.__file__).parent

# From the ground up: a module imports from its own layer and from those before it.
LAYERS = (
    "core", "config", "metrics", "data", "models", "modifiers", "search", "methods", "tasks", "plan", "results", "run",
    "engine", "report", "corpus", "analysis", "api", "cli",
)  # fmt: skip


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(("zsbench", *(parts[:-1] if parts[-1] == "__init__" else parts)))


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(name):
    """The modules of the package that a module imports, wherever in it; `if TYPE_CHECKING:` counts like any other."""
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            targets = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (target if target in MODULES else node.module for target in targets)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


EDGES = {name: sorted({target for target in imports(name) if target in MODULES} - {name}) for name in MODULES}


def layer(name):
    return LAYERS.index(name.split(".")[1])


def test_every_folder_has_its_layer():
    assert {name.split(".")[1] for name in MODULES if name != "zsbench"} == set(LAYERS)


def test_no_import_goes_up():
    arrows = [(name, target) for name in EDGES for target in EDGES[name] if "zsbench" not in (name, target)]
    assert [f"{name} -> {target}" for name, target in arrows if layer(target) > layer(name)] == []


def test_an_underscore_means_private_to_its_folder():
    private = [
        (name, target)
        for name, targets in EDGES.items()
        for target in targets
        if target.rpartition(".")[2].startswith("_")
    ]
    assert private, "nothing is private any more, so this test checks nothing"
    strangers = [(name, target) for name, target in private if not _lives_in(name, target.rpartition(".")[0])]
    assert [f"{name} -> {target}" for name, target in strangers] == []


def _lives_in(name, folder):
    return name == folder or name.startswith(folder + ".")


def test_no_import_runs_in_a_circle():
    done, circles = set(), []

    def visit(name, way):
        if name in way:
            circles.append(" -> ".join((*way[way.index(name) :], name)))
        elif name not in done:
            for target in EDGES[name]:
                if target == "zsbench":  # names what programs may use, and imports it when it is used
                    continue
                visit(target, (*way, name))
            done.add(name)

    for name in EDGES:
        visit(name, ())
    assert circles == []


@pytest.mark.parametrize("name", MODULES)
def test_no_file_holds_more_than_400_lines(name):
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= 400
