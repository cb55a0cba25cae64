"""Reading golden cases: whatever the folder holds, but never nothing, and noting which keys were read."""

import json
import os
from collections.abc import ItemsView, ValuesView
from pathlib import Path

GOLDEN = Path(os.environ.get("ZSBENCH_GOLDEN") or Path(__file__).parent.parent / "golden")
READ = set()


class Recorded(dict):
    """A mapping of a golden file that notes in READ which of its keys someone asked for the value of."""

    def __init__(self, values, path):
        super().__init__({key: recorded(value, f"{path}/{key}") for key, value in values.items()})
        self._path = path

    def __getitem__(self, key):
        READ.add(f"{self._path}/{key}")
        return super().__getitem__(key)

    def get(self, key, default=None):
        return self[key] if key in self else default  # noqa: SIM401 - that is what is being defined here

    # What copies a mapping in C, as `{**case}` does, asks for the keys and then for each value only where `__iter__`
    # is not the built-in one.
    def __iter__(self):
        return iter(self.keys())

    def values(self):
        return ValuesView(self)

    def items(self):
        return ItemsView(self)

    def __eq__(self, other):
        return dict(self) == other

    __hash__ = None


def recorded(value, path):
    """Return the value with every mapping in it recorded; lists stay lists, their positions are part of the path."""
    if isinstance(value, dict):
        return Recorded(value, path)
    if path == os.environ.get("ZSBENCH_GOLDEN_CHANGE"):
        return changed(value)
    if isinstance(value, list):
        return [recorded(entry, f"{path}/{number}") for number, entry in enumerate(value)]
    return value


def changed(value):
    """Return the value with one entry, at $ZSBENCH_GOLDEN_PLACE from 0 (the first) to 1 (the last), set to another."""
    if isinstance(value, str):
        return ("y" if value.startswith("x") else "x") + value[1:]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list) and value:
        place = _place(len(value))
        return [*value[:place], changed(value[place]), *value[place + 1 :]]
    if hasattr(value, "dtype") and value.size:
        array, place = value.copy(), _place(value.size)
        array.flat[place] = changed(array.flat[place].item())
        return array
    # What is left are floats, and nothing at all: None, NaN and empty lists.
    return value + max(1, abs(value)) / 3 if isinstance(value, float) and value == value else 1.0


def _place(n):
    return round(float(os.environ["ZSBENCH_GOLDEN_PLACE"]) * (n - 1))


def leaves(value, path):
    """Yield the path of every value of a golden file that holds no further mapping."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, f"{path}/{key}")
    elif _holds_mappings(value):
        for number, below in enumerate(value):
            yield from leaves(below, f"{path}/{number}" if isinstance(below, dict) or _holds_mappings(below) else path)
    else:
        yield path


def _holds_mappings(value):
    return isinstance(value, list) and any(isinstance(entry, dict) or _holds_mappings(entry) for entry in value)


def load_json(slug, name):
    """Return a JSON file's value, or None where the folder lacks it."""
    path = GOLDEN / slug / name
    READ.add(f"{slug}/{name}")
    return recorded(json.loads(path.read_text()), f"{slug}/{name}") if path.is_file() else None


def load_npz(slug, name):
    """Return an .npz file's arrays as a dict (empty where the folder lacks it)."""
    import numpy as np

    path = GOLDEN / slug / name
    READ.add(f"{slug}/{name}")
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as archive:
        return Recorded({key: archive[key] for key in archive.files}, f"{slug}/{name}")


def model_folder(slug):
    """Return the folder of a paper's tiny model, or one that is not there."""
    path = next((path for path in (GOLDEN / slug).glob("tiny[-_]*") if path.is_dir()), GOLDEN / slug / "tiny")
    READ.add(f"{slug}/{path.name}")
    return path


def needs(*files):
    """Skip the test when the folder lacks one of these files' contents: an absent file is no error."""
    import pytest

    if not all(files):
        pytest.skip("the golden folder lacks a file of this test")


def some(cases, slug):
    """Return the cases; a golden folder without any is an error of the folder."""
    found = list(cases or [])
    assert found, f"no case in {GOLDEN / slug}"
    return found
