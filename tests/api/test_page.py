"""The page about Python: its code runs, and prints what the page says but for digits that differ by machine."""

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


def words(text):
    return re.findall(r"[^\W\d_]+", text)


@pytest.mark.slow
def test_the_code_of_the_page_runs_and_prints_what_it_says(tmp_path):
    spec = importlib.util.spec_from_file_location("refresh", DOCS / "refresh.py")
    refresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(refresh)
    page = (DOCS / "python.md").read_text(encoding="utf-8")
    blocks = refresh.blocks_of(page)
    assert len(blocks) == page.count("```python") >= 8
    shown = [match[3] for match in refresh.PYTHON.finditer(page)]
    for block, printed, of_page in zip(blocks, refresh.session(blocks, tmp_path), shown, strict=True):
        assert words(printed) == words(of_page), block
