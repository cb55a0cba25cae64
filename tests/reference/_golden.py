"""Reading golden cases: whatever the folder holds, but never nothing."""

import json
import os
from pathlib import Path

GOLDEN = Path(os.environ.get("ZSBENCH_GOLDEN") or Path(__file__).parent.parent / "golden")


def load_json(slug, name):
    """Return a JSON file's value, or None where the folder lacks it."""
    path = GOLDEN / slug / name
    return json.loads(path.read_text()) if path.is_file() else None


def load_npz(slug, name):
    """Return an .npz file's arrays as a dict (empty where the folder lacks it)."""
    import numpy as np

    path = GOLDEN / slug / name
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


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
