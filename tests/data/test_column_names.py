"""The keys `label:`, `description:` and `license:` of a block are a component's own where it has such an option."""

from pathlib import Path

from zsbench.config import blocks
from zsbench.core.yamlio import Document


def block(kind, value, key):

    return blocks.block(kind, value, key, Document(Path("t.yaml"), {}), ())


def test_the_label_column_of_a_table_is_an_option():
    found = block("data", {"source": "hf-datasets", "path": "x/y", "label": "fine_label"}, "source")
    assert found.options == {"path": "x/y", "label": "fine_label"}
    assert found.title == "hf-datasets"


def test_a_method_without_such_an_option_gets_a_name_for_its_rows():
    found = block("methods", {"name": "random-class", "label": "chance", "seed": 3}, "name")
    assert found.options == {"seed": 3}
    assert found.title == "chance"
