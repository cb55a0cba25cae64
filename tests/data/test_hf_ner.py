"""Tagged words through `datasets`: class ids, tags as texts, names by option, and what is wrong with a row."""

import datasets
import pytest

from zsbench.core.errors import UserError
from zsbench.data.sentences.hf_ner import hf_ner

NAMES = ["O", "B-PER", "I-PER", "B-LOC"]
WORDS = [["Ann", "Lee", "ran"], [], ["to", "Rome"]]
SPANS = [[(0, 1, "PER")], [(1, 1, "LOC")]]


def saved(folder, tags, feature=None, words=WORDS, **more):
    """Save a split and return its folder."""
    features = {"tokens": datasets.List(datasets.Value("string"))}
    features["ner_tags"] = datasets.List(feature or datasets.ClassLabel(names=NAMES))
    rows = datasets.Dataset.from_dict({"tokens": words, "ner_tags": tags}, features=datasets.Features(features))
    datasets.DatasetDict({"test": rows, **more}).save_to_disk(str(folder / "d"))
    return str(folder / "d")


IDS = [[1, 2, 0], [], [0, 3]]


def test_class_ids_and_texts_and_numbers_with_names(tmp_path):
    for kind, tags, feature, options in (
        ("ids", IDS, None, {}),
        ("texts", [[NAMES[i] for i in row] for row in IDS], datasets.Value("string"), {}),
        ("numbers", IDS, datasets.Value("int32"), {"tag_names": NAMES}),
    ):
        found = hf_ner(path=saved(tmp_path / kind, tags, feature), **options)
        assert [item.id for item in found.items] == ["0", "2"]
        assert found.spans == SPANS
        assert found.counts == {"rows without words, left out": 1}
        assert list(found.declared) == ([] if kind == "texts" else ["LOC", "PER"])


def test_json_lines_in_a_folder_of_their_own(tmp_path):
    (tmp_path / "test.jsonl").write_text('{"tokens": ["Rome", "fell"], "tags": [3, 0]}\n')
    found = hf_ner(path=str(tmp_path), tags="tags", tag_names=NAMES)
    assert (found.items[0].words, found.spans) == (("Rome", "fell"), [[(0, 0, "LOC")]])


def test_a_label_of_the_feature_may_be_mapped_although_it_does_not_occur(tmp_path):
    assert hf_ner(path=saved(tmp_path, [[1, 2, 0], [], [0, 0]])).known() == ["LOC", "PER"]


@pytest.mark.parametrize(
    ("tags", "options", "message"),
    [
        ([[1, 2], [], [0, 3]], {}, "split 'test', row 0: columns 'tokens' and 'ner_tags' are no lists of one length"),
        ([[1, 2, 0], [], [0, -1]], {}, "row 2: tag -1 of 4"),
        ([[2, 2, 0], [], [0, 0]], {"scheme": "IOB2"}, "row 0, word 0: sentence 0: tag 'I-PER' at the beginning"),
        (IDS, {"tag_names": NAMES}, "beside column 'ner_tags', which says its tags itself"),
        (IDS, {"tags": "tag"}, "no column 'tag'; did you mean 'ner_tags'"),
        (IDS, {"split": "train"}, "no split 'train'"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(tmp_path, tags, options, message):
    with pytest.raises(UserError, match=message):
        hf_ner(path=saved(tmp_path, tags), **options)


def test_numbers_without_names(tmp_path):
    with pytest.raises(UserError, match=r"numbers without names; expected `tag_names:`"):
        hf_ner(path=saved(tmp_path, IDS, datasets.Value("int32")))
    with pytest.raises(UserError, match="row 0: column 'tokens' is"):
        hf_ner(path=saved(tmp_path / "b", [[0, 0]], words=[["a", " "]]))


def test_a_dropped_tag_is_counted(tmp_path):
    found = hf_ner(path=saved(tmp_path, [[2, 2, 0], [], [0, 3]]), scheme="IOB2", malformed="drop")
    assert found.spans == [[], [(1, 1, "LOC")]]
    assert found.counts["tags dropped as malformed IOB2"] == 2
