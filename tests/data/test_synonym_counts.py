"""Counts of synonyms are joined with classes by name, or by number where REAL calls a class otherwise."""

import json

import pytest

from zsbench.core.errors import UserError
from zsbench.data.concept_counts import class_counts
from zsbench.data.synonym_counts import SynonymCounts, of_classes, read_synonym_counts, unused


def counted(*names, keys=None):
    pairs = zip(keys or map(str, range(len(names))), names, strict=True)
    return {key: SynonymCounts(name, {name: 1}) for key, name in pairs}


def names(found):
    return [one.name for one in found]


def test_another_name_is_found_by_its_number():
    # Some of REAL's names for Oxford pets, and ImageNet's two missiles.
    classes = ["Persian", "Pug", "Maine Coon", "missile", "missile"]
    theirs = counted("Persian cat", "pug", "maine-coon", "missile", "missile")
    assert of_classes(theirs, classes, "x") == list(theirs.values())


@pytest.mark.parametrize(
    ("classes", "theirs"),
    [
        (["cat", "dog", "owl"], ("owl", "cat", "dog")),  # numbered otherwise
        (["cat", "dog", "owl"], ("cat", "owl", "dog")),  # most classes elsewhere
        (["cat", "dog"], ("owl", "dog", "cat")),  # more than the classes
    ],
)
def test_names_come_first(classes, theirs):
    assert names(of_classes(counted(*theirs), classes, "x")) == classes


@pytest.mark.parametrize(
    ("classes", "theirs", "found"),
    [
        (["cat", "dog"], counted("Persian cat", "puppy"), "2 classes without a count: 'cat'"),
        (["cat", "dog", "owl"], counted("dog", "puppy", "owl"), "1 class without a count: 'cat'"),  # dog is elsewhere
        (["cat", "dog"], counted("cat", "cat", "dog"), "name 'cat' stands twice"),
    ],
)
def test_a_class_without_counts_of_its_own_is_refused(classes, theirs, found):
    with pytest.raises(UserError, match=found):
        of_classes(theirs, classes, "x")


def test_frequency_is_that_of_captions_about_the_class(tmp_path):
    path = tmp_path / "metrics.json"
    entry = {"name": "cat", "alternates": {"cat": 9, "feline": 2}, "actual_freq": 10}
    path.write_text(json.dumps({"0": {**entry, "relevant_total": 7}}))
    assert class_counts(path, ["Cat"]).tolist() == [7]
    path.write_text(json.dumps({"0": entry}))
    with pytest.raises(UserError, match="no `relevant_total` of 'cat'"):
        class_counts(path, ["cat"])


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"name": "owl", "alternates": {"owl": None}}, r"m\.json:9: class '1': 'owl' has null captions"),
        ({"name": "owl", "alternates": {"owl": 1}, "actual_freq": -1}, r"m\.json:11: class '1': 'actual_freq' has -1"),
        ({"alternates": {"owl": 1}}, r"m\.json:6: class '1': name None"),
        ({"name": "owl", "alternates": []}, r"m\.json:8: class '1': alternates \[\]"),
    ],
)
def test_what_is_wrong_has_its_line(entry, said, tmp_path):
    text = json.dumps({"0": {"name": "cat", "alternates": {"owl": 1}}, "1": entry}, indent=1)
    lines = text.replace('{\n   "owl": 1\n  }', '{"owl": 1}', 1)
    (tmp_path / "m.json").write_text(lines)
    with pytest.raises(UserError, match=said):
        read_synonym_counts(tmp_path / "m.json")


def test_entries_that_no_class_took(tmp_path):
    theirs = counted("cat", "dog", "tiger kat")
    assert unused(theirs, of_classes(theirs, ["dog", "cat"], "x")) == ["tiger kat"]
