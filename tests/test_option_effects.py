"""Every option changes something that a run computes, in a setting that stands in `effects/`, or says why it is not
tried there."""

import pytest

from tests.data.builders import BUILDERS, images
from tests.effects import harness
from tests.effects.files import FILES
from zsbench.config import catalog
from zsbench.config.components import option_defaults
from zsbench.config.schema import Settings, TaskConfig
from zsbench.search.candidates import Candidates
from zsbench.tasks.ner.ner import Familiarity

METHODS = harness.table("methods")
UNTRIED = METHODS.pop("untested", {})


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return harness.Bench(tmp_path_factory.mktemp("effects"), FILES)


def test_every_option_of_every_method_is_tried():
    tried = {(name, option) for name, own in METHODS.items() for option in own["changes"]} | {
        (name, option) for name, options in UNTRIED.items() for option in options
    }
    assert tried == {
        (name, option)
        for name in catalog.own_components("methods")
        for option in option_defaults(catalog.load_component("methods", name))
    }


@pytest.mark.parametrize("name", METHODS)
def test_every_option_of_a_method_changes_something(name, bench):
    own = METHODS[name]
    for option, change, place, settings in harness.changes(own):
        base = harness.laid({"name": name, **own.get("base", {})}, change)
        differs(
            bench,
            option,
            change,
            [{**place, "method": {**base, **more}} for more in ({}, {option: change["to"]})],
            settings,
        )


TASKS = harness.table("tasks")
UNTRIED_KEYS = TASKS.pop("untested")


def test_every_key_of_every_task_is_tried():
    schemas = {name: catalog.load_module("tasks", name).Config for name in catalog.own_components("tasks")}
    schemas |= {"candidates": Candidates, "familiarity": Familiarity}
    tried = {(name, key) for name, own in TASKS.items() for key in own["changes"]} | {
        (name, key) for name, keys in UNTRIED_KEYS.items() for key in keys
    }
    assert tried == {
        (n, key) for n, one in schemas.items() for key in set(one.model_fields) - set(TaskConfig.model_fields)
    }


@pytest.mark.parametrize("name", TASKS)
def test_every_key_of_a_task_changes_something(name, bench):
    own = TASKS[name]
    for key, change, place, settings in harness.changes(own):
        task = place.pop("task")
        task = {"use": task} if isinstance(task, str) else task
        base = harness.laid(own.get("base", {}), change)
        both = [{**base, **more} for more in ({}, {key: change["to"]})]
        both = [{own["key"]: keys} if "key" in own else keys for keys in both]
        differs(bench, key, change, [{**place, "task": {**task, **keys}} for keys in both], settings)


MODELS = harness.table("models")
UNTRIED_MODELS = MODELS.pop("untested")
SETTINGS = MODELS.pop("settings")


def test_every_option_of_every_model_and_every_setting_is_tried():
    known = {
        (name, option)
        for kind in ("models", "modifiers")
        for name in catalog.own_components(kind)
        for option in option_defaults(catalog.load_component(kind, name))
        if option not in ("revision",)  # of a hub alone: tests/test_options.py
    } | {("settings", key) for key in Settings.model_fields}
    tables = [(name, own["changes"]) for name, own in {**MODELS, "settings": SETTINGS}.items()]
    assert {(name, key) for name, keys in [*tables, *UNTRIED_MODELS.items()] for key in keys} == known


@pytest.mark.parametrize("name", MODELS)
def test_every_option_of_a_model_changes_something(name, bench):
    own = MODELS[name]
    for option, change, place, settings in harness.changes(own):
        base = harness.laid(own["base"], change)
        both = [{**place, "model": {**base, **more}} for more in ({}, {option: change["to"]})]
        differs(bench, option, change, both, settings)


def test_every_setting_changes_something(bench):
    for key, change, place, settings in harness.changes(SETTINGS):
        before, after = (bench.answer(**place, **{**settings, **more}) for more in ({}, {key: change["to"]}))
        assert before != after, key
        assert change.get("refused", "") in after


def differs(bench, option, change, both, settings):
    """Require that two runs differ, and that the second is refused only where that is its effect."""
    before, after = (bench.answer(**one, **settings) for one in both)
    assert change["before"] in before if "before" in change else not before.startswith("refused"), (option, before)
    assert before != after, option
    assert change["refused"] in after if "refused" in change else not after.startswith("refused"), (option, after)


SOURCES = harness.table("sources")


def source_options():
    """Return (source, option) of every option that is tried here."""
    elsewhere, untested = SOURCES["elsewhere"], SOURCES["untested"]
    return [
        (name, option)
        for name in catalog.own_components("data")
        for option in option_defaults(catalog.load_component("data", name))
        if option not in elsewhere and option not in untested.get(name, {})
    ]


@pytest.mark.parametrize(("name", "option"), source_options())
def test_every_option_of_a_source_changes_the_data_or_is_refused(name, option, tmp_path):
    change = SOURCES["changes"].get(name, {}).get(option, {"to": "zzz", "refused": ""})
    change = change if isinstance(change, dict) else {"to": change}
    base = BUILDERS[name](tmp_path, images()) if name in BUILDERS else {}
    base |= change.get("with", {})
    before, after = (harness.loaded(name, options) for options in (base, {**base, option: change["to"]}))
    assert not before.startswith("refused"), before
    assert before != after
    assert after.startswith("refused") == ("refused" in change), after
    assert change.get("refused", "") in after
