"""What every test shares: no network, a cache of its own, one thread ($ZSBENCH_TEST_THREADS for another number)."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same cases on every machine and no limits that depend on its speed; `make fuzz` draws new ones.
_SHARED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}
settings.register_profile("shared", derandomize=True, **_SHARED)
settings.register_profile("fuzz", max_examples=500, print_blob=True, **_SHARED)
settings.register_profile("once", derandomize=True, max_examples=1, **_SHARED)
settings.load_profile(os.environ.get("ZSBENCH_HYPOTHESIS", "shared"))

THREADS = os.environ.get("ZSBENCH_TEST_THREADS") or "1"
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "OMP_NUM_THREADS": THREADS}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ZSBENCH_DEBUG", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)


def pytest_collection_modifyitems(items):
    """Start what takes long first, so that no process ends long after the others."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_configure():
    import torch

    torch.set_num_threads(int(THREADS))


GOLDEN = Path(os.environ.get("ZSBENCH_GOLDEN") or Path(__file__).parent / "golden")
