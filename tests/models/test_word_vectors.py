"""Word vectors from text files: GloVe's and fastText's layout, words of a label averaged, unknown ones as the mean."""

import gzip

import numpy as np
import pytest

from tests.close import assert_rows_close
from zsbench.core.errors import UserError
from zsbench.models.text.word_vectors import word_vectors

TABLE = {"person": [1, 0], "art": [0, 1], "work": [0, 3], ". .": [5, 0]}
MEAN = [1.5, 1.0]
GLOVE = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in TABLE.items())


def read(tmp_path, text, name="vectors.txt"):
    (tmp_path / name).write_bytes(text.encode())
    return word_vectors(vectors=str(tmp_path / name))


@pytest.mark.parametrize("text", [GLOVE, "4 2\n" + GLOVE, GLOVE.replace("\n", " \r\n"), GLOVE.removesuffix("\n")])
def test_both_layouts_give_the_same_vectors(tmp_path, text):
    model = read(tmp_path, text)
    asked = {
        "Person": [1, 0],
        "art-work": [0, 2],
        "work/of_art": [0.5, 5 / 3],
        "nothing": MEAN,
        "art ": [0.75, 1],  # what stands behind the last blank is an unknown word
    }
    assert_rows_close(model.encode_queries(list(asked)), list(asked.values()))
    assert_rows_close(model.encode_documents(["Person"]), [[1, 0]])
    (tmp_path / "v.txt.gz").write_bytes(gzip.compress(text.encode()))
    packed = word_vectors(vectors=str(tmp_path / "v.txt.gz"))
    assert_rows_close(packed.encode_queries(["art-work"]), [[0, 2]])
    assert packed.fingerprint != model.fingerprint


def test_the_last_line_of_a_word_counts_and_every_line_is_in_the_mean(tmp_path):
    model = read(tmp_path, "a 0 0\nb 3 3\na 3 0\n")
    assert_rows_close(model.encode_queries(["a", "?"]), [[3, 0], [2, 1]])


def test_a_text_is_known_by_any_of_its_words(tmp_path):
    model = read(tmp_path, GLOVE)
    assert [model.knows(text) for text in ("Person", "art-works", "arts", "")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no word vectors"),
        ("3 2\na 1 2\nb 3 4\n", r":1: 3 words counted, 2 there"),
        ("a 1 2\nb 3\n", r":2: line 'b 3'; expected a word and 2 finite numbers"),
        ("a 1 2\nb 3 x\n", r":2: line 'b 3 x'"),
        ("a 1 2\n\nb nan 1\n", r":3: line 'b nan 1'"),
        ("a 1 2\nb 1e60 1\n", r":2: line 'b 1e60 1'"),
        ("2 2\na 0.1 1 2\nb 0 1 2\n", r":2: line 'a 0.1 1 2'; expected a word and 2 finite numbers"),
        ("a 1 2\nb -.7e-1 3 4\n", r":2: line 'b -.7e-1 3 4'"),
        ("a\t1\t2\n", r":1: line 'a.*expected a word and 1 finite number, parted by single blanks"),
        ("a\t1 0 0\n", r":1: line 'a.*expected a word and 2 finite numbers"),
        ("city\ntown\n", r":1: line 'city'"),
    ],
)
def test_files_that_are_no_table_are_refused(tmp_path, text, said):
    with pytest.raises(UserError, match=said):
        read(tmp_path, text)


def test_a_table_of_several_blocks_is_read_whole(tmp_path):
    rows = np.random.default_rng(0).normal(size=(6000, 9)).round(4)
    text = "".join(f"w{n} {' '.join(map(str, row))}\n" for n, row in enumerate(rows.tolist()))
    model = read(tmp_path, text)
    assert len(text) > 1 << 18
    assert_rows_close(model.encode_queries(["w0", "W5999", "none"]), [rows[0], rows[-1], rows.mean(axis=0)])
