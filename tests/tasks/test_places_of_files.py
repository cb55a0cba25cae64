"""A file that is not there is blamed on the key that names it, in the YAML that wrote the key, in every type of task."""

import pytest

from zsbench.config import catalog, overlay
from zsbench.plan import checks, task_configs

KEYS = (
    "frequency", "concepts", "classes", "class_map", "unseen", "nodes", "distances", "keywords", "labels", "docids",
    "candidates", "without",
)  # fmt: skip
BESIDE = {
    "nodes": {"image-classification": "distances: other.csv\n"},
    "frequency": {"image-text-retrieval": "concepts: asset:data/glyph-captions/concepts.json\n"},
    "concepts": {"image-text-retrieval": "frequency: asset:models/clip-glyphs-longtail/concept_counts.json\n"},
}


def fields(kind):
    return catalog.load_module("tasks", kind).Config.model_fields


def named():
    return [(kind, key) for kind in catalog.components("tasks") for key in KEYS if key in fields(kind)]


@pytest.fixture(scope="module")
def parents():
    """A shipped task of each type, the one whose data come with zsbench where there is one."""
    found = {}
    for name, entry in catalog.configs("tasks").items():
        value = overlay.load(entry.path).value
        if value["type"] not in found or value.get("synthetic"):
            found[value["type"]] = name
    return found


@pytest.mark.parametrize(("kind", "key"), named())
def test_a_missing_file_is_blamed_on_its_key(kind, key, parents, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSBENCH_DATA", str(tmp_path))
    value = "{stage: run, path: none.txt}" if key == "candidates" else "none.txt"
    text = f"extends: {parents[kind]}\ndescription: d\n{key}: {value}\n{BESIDE.get(key, {}).get(kind, '')}"
    (tmp_path / "t.yaml").write_text(text)
    config, source = task_configs.read_task(overlay.load(tmp_path / "t.yaml"))
    problems = checks.lacking_of_task(catalog.load_module("tasks", kind).Task(config, source))
    [problem] = [problem for problem in problems if "none.txt" in problem.found]
    assert problem.where.endswith("t.yaml:3")
