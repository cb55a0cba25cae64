"""The shipped tasks of entities name their labels themselves, in the wording asked."""

from pathlib import Path

import pytest
import yaml

CONFIGS = sorted((Path(__file__).parents[2] / "configs" / "tasks" / "ner").glob("*.yaml"))


def read(path):
    own = yaml.safe_load(path.read_text())
    base = read(path.with_name(f"{own['extends']}.yaml")) if "extends" in own else {}
    return {**base, **own, "label_map": {**base.get("label_map", {}), **own.get("label_map", {})}}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_labels_are_named_and_cover_the_tags(path):
    config = read(path)
    labels = config["labels"]
    if isinstance(labels, str):  # a file of the package's data
        return
    assert len(set(labels)) == len(labels)
    assert set(config["label_map"].values()) <= set(labels)
    tags = config["data"].get("tag_names", [])
    types = {tag.partition("-")[2] for tag in tags if tag != "O"}
    assert not types or {config["label_map"].get(kind, kind) for kind in types} == set(labels)


def test_gliners_variants_ask_the_same_sentences_with_else():
    variants = [path for path in CONFIGS if path.stem.endswith("-gliner")]
    assert len(variants) == 5
    for path in variants:
        base, variant = read(path.with_name(path.name.replace("-gliner", ""))), read(path)
        assert variant["data"] == base["data"]
        assert set(variant["labels"]) - set(base["labels"]) == {"else"}
        assert (base["excluded_labels"], variant["excluded_labels"]) == (["misc"], [])
        assert all(label == label.lower() for label in variant["labels"])
