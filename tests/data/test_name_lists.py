"""Names in files: one a line, JSON, or a table whose ids say the order."""

import pytest

from zsbench.core.errors import UserError
from zsbench.data import name_lists


def read(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    return name_lists.read(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("n.txt", "brush hair\nid,name\n"),
        ("n.json", '["brush hair", "id,name"]'),
        ("n.csv", 'id,name\n1,"id,name"\n0,brush hair\n'),
        ("n.csv", 'name,id\nbrush hair,1\n"id,name",2\n'),
        ("n.tsv", "id\tname\n0\tbrush hair\n1\tid,name\n"),
    ],
)
def test_every_form_gives_the_names_in_order(tmp_path, name, text):
    assert read(tmp_path, name, text) == ["brush hair", "id,name"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,cartwheel\n1,chew\n", "n.csv:1: columns 0, cartwheel; expected .*columns id and name"),
        ("id,name\n0,a\n2,b\n", "n.csv:3: id '2'; expected ids 0 to 1"),
        ("id,name\n0,a\n0,b\n", "an id that stands twice"),
        ("id,name\nx,a\n", "id 'x'"),
        ("id,name\n0,\n", "n.csv:2: no name"),
        ("id,name\n", "a header without rows"),
    ],
)
def test_a_table_that_does_not_say_the_order_is_refused(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        read(tmp_path, "n.csv", text)


def test_a_column_of_names_without_a_header_is_one_a_line(tmp_path):
    assert read(tmp_path, "n.csv", "chew\nclimb, up\n") == ["chew", "climb, up"]
