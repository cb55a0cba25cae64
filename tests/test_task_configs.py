"""What every shipped task owes its readers: where it comes from, class names that are words, means that weigh sets once."""

import re
from collections import Counter
from fractions import Fraction

import pytest

from zsbench.config import catalog, overlay

TASKS = {name: overlay.load(entry.path).value for name, entry in catalog.configs("tasks").items()}
EXTERNAL = {name: task for name, task in TASKS.items() if not task.get("synthetic")}
# Data sets that are judged in parts: where a mean has other members, all parts together weigh as much as one of these.
PARTED = (r"beir-cqadupstack-.+", r"coir-codesearchnet-(?!ccr-).+", r"coir-codesearchnet-ccr-.+", r".+-16-shot-[0-9]")


@pytest.mark.parametrize("key", ["source", "citation"])
def test_every_external_task_says_where_it_comes_from(key):
    start = r"https?://[\w.-]+/?" if key == "source" else r"\S"
    assert [name for name, task in EXTERNAL.items() if not re.match(start, task.get(key, ""))] == []


def class_names(name):
    """Return the class names or labels that a task writes or names a file of; none where they come with the data."""
    task, found = TASKS[name], []
    for key in ("classes", "labels"):
        value = task.get(key, [])
        if isinstance(value, str) and not value.startswith("asset:"):
            value = (catalog.configs("tasks")[name].path.parent / value).read_text().splitlines()
        found += value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return found + [other for others in task.get("also_called", {}).values() for other in others]


def test_class_names_are_words_each_of_one_class():
    for name in TASKS:
        names = class_names(name)
        assert [text for text in names if "_" in text or re.search("[a-z][A-Z]", text)] == [], name
        assert [text for text, n in Counter(names).items() if n > 1] == [], name
        assert [text for text in names if text != text.strip()] == [], name


def weights(name, averages):
    """Return how much each task weighs in a mean, means among its members resolved."""
    found = Counter()
    members = averages[name]
    for member in members:
        parts = weights(member, averages) if member in averages else {member: Fraction(1)}
        found.update({task: weight / len(members) for task, weight in parts.items()})
    return found


def test_parts_of_a_data_set_count_once_in_every_mean():
    for entry in [*catalog.configs("suites").values(), *catalog.configs("papers").values()]:
        averages = {average["name"]: average["tasks"] for average in overlay.load(entry.path).value.get("averages", [])}
        for name in averages:
            by_set = Counter()
            for task, weight in weights(name, averages).items():
                pattern = next((p for p in PARTED if re.fullmatch(p, task)), None)
                by_set[task.rpartition("-")[0] if pattern == PARTED[-1] else pattern or task] += weight
            assert len(set(by_set.values())) == 1, (entry.path.name, name, by_set)


def test_beir_and_coir_are_means_of_their_sets():
    for suite, n_sets, n_tasks in (("beir", 14, 25), ("coir", 10, 20)):
        value = overlay.load(catalog.configs("suites")[suite].path).value
        averages = {average["name"]: average["tasks"] for average in value["averages"]}
        assert len(averages[suite]) == n_sets
        assert sorted(weights(suite, averages)) == sorted(value["runs"][0]["tasks"])
        assert len(value["runs"][0]["tasks"]) == n_tasks
