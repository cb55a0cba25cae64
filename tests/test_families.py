"""A family has one word in every layer, and `zsbench show WORD` shows all of it."""

import pytest

from zsbench.cli import _family
from zsbench.cli.show import show
from zsbench.config import catalog
from zsbench.core.errors import UserError


@pytest.mark.parametrize("name", catalog.own_components("tasks"))
def test_a_task_type_lies_in_the_folder_of_its_family(name):
    assert catalog.own_components("tasks")[name].family == catalog.load_module("tasks", name).Task.family


@pytest.mark.parametrize("name", catalog.own_components("methods"))
def test_a_method_lies_in_the_folder_of_its_family(name):
    entry = catalog.own_components("methods")[name]
    assert (
        entry.path.parent.name.replace("_", "-") == entry.family == catalog.load_component("methods", name).facts.family
    )


def test_the_configs_of_tasks_lie_in_folders_of_families():
    assert {entry.family.partition("/")[0] for entry in catalog.configs("tasks").values()} == _family.families()


@pytest.mark.parametrize("family", sorted(_family.families()))
def test_a_family_is_shown_with_all_that_belongs_to_it(family, capsys):
    show(family)
    shown = capsys.readouterr().out
    types = [name for name, entry in catalog.components("tasks").items() if entry.family == family]
    methods = [name for name, entry in catalog.components("methods").items() if entry.family == family]
    configs = [name for name, entry in catalog.configs("tasks").items() if entry.family.partition("/")[0] == family]
    for name in (*types, *methods, *configs):
        assert f"  {name} " in shown
    for part in ("task types", "tasks", "methods", "metrics", "sources"):
        assert f"{family}: {part}\n" in shown


def test_a_family_names_the_metrics_sources_and_models_that_fit_it(capsys):
    show("depth")
    shown = capsys.readouterr().out
    for name in ("AbsRel", "depth-frames", "hf-depth"):
        assert f"  {name} " in shown
    for stranger in ("nDCG", "beir", "open-clip"):
        assert f"  {stranger} " not in shown


def test_a_misspelt_family_is_guessed():
    with pytest.raises(UserError, match="did you mean 'rerank'"):
        show("reranking")
