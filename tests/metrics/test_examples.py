"""Every metric has an example in its documentation, and what it prints is what the metric gives."""

import doctest
import importlib
import pkgutil

import pytest

from zsbench import metrics
from zsbench.config import catalog
from zsbench.metrics import naming

MODULES = [found.name for found in pkgutil.walk_packages(metrics.__path__, "zsbench.metrics.")]


@pytest.mark.parametrize("module", MODULES)
def test_examples_give_what_they_print(module):
    results = doctest.testmod(importlib.import_module(module))
    assert results.failed == 0


@pytest.mark.parametrize("name", catalog.metrics())
def test_every_metric_has_an_example(name):
    documentation = naming.declared(name).__doc__
    assert "Examples\n    --------\n    >>> " in documentation
