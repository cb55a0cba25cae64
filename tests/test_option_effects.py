"""Every option changes something that a run computes, in a setting that stands in `effects/`, or says why it is not
tried there."""

import pytest

from tests.effects import harness
from tests.effects.files import FILES
from zsbench import catalog
from zsbench.components import option_defaults

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
    dead = []
    for option, change in own["changes"].items():
        change = change if isinstance(change, dict) and "to" in change else {"to": change}
        base = {"name": name, **own.get("base", {}), **change.get("with", {})}
        base = {key: value for key, value in base.items() if key not in change.get("without", ())}
        place = {key: change.get(key, own.get(key)) for key in ("task", "model")}
        settings = {"limit": change.get("limit", own.get("limit", 12))}
        before = bench.answer(**place, method=base, **settings)
        after = bench.answer(**place, method={**base, option: change["to"]}, **settings)
        assert not before.startswith("refused"), before
        assert change["refused"] in after if "refused" in change else not after.startswith("refused"), (option, after)
        dead += [option] * (before == after)
    assert dead == []
