"""The folders as a registry: names that are unique, functions that are there, options checked as strictly either way."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from zsbench.config import catalog
from zsbench.config.components import option_defaults, option_hints, options_schema, plainly_fit
from zsbench.config.paths import PACKAGE

KINDS = ("methods", "models", "modifiers", "data")
EVERY = [(kind, name) for kind in KINDS for name in catalog.own_components(kind)]

plain = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 200), st.floats(allow_nan=False, width=32), st.sampled_from(["", "a", "auto", "exp"])
)  # fmt: skip
values = st.one_of(plain, st.lists(plain, max_size=3), st.dictionaries(st.sampled_from(["a", "k"]), plain, max_size=2))


@pytest.mark.parametrize("kind", ["tasks", *KINDS])
def test_no_two_components_of_a_kind_share_a_name(kind):
    files = [file for *folders, file in catalog._below(PACKAGE / kind, ".py")]
    own = {name.replace("-", "_") + ".py" for name in catalog.own_components(kind)}
    assert [file for file, times in Counter(files).items() if times > 1 and file in own] == []


@pytest.mark.parametrize("kind", ["tasks", "models", "suites", "papers"])
def test_no_two_configs_of_a_kind_share_a_name(kind):
    root = PACKAGE.parent / "configs" / kind
    files = Counter(file for *_, file in catalog._below(root, ".yaml"))
    assert [file for file, times in files.items() if times > 1] == []


@pytest.mark.parametrize(("kind", "name"), EVERY, ids=lambda part: part)
def test_a_component_has_a_summary_facts_and_options_that_can_be_checked(kind, name):
    function = catalog.load_component(kind, name)
    assert catalog.own_components(kind)[name].summary
    assert kind == "modifiers" or function.facts
    assert options_schema(function).model_fields.keys() == option_defaults(function).keys()


@pytest.mark.parametrize(("kind", "name"), EVERY, ids=lambda part: part)
@settings(max_examples=30)
@given(data=st.data())
def test_what_plainly_fits_fits_the_schema(kind, name, data):
    function = catalog.load_component(kind, name)
    keys = [*option_hints(function), "no-such-option"]
    options = data.draw(st.dictionaries(st.sampled_from(keys), values, max_size=4))
    if plainly_fit(function, options):
        options_schema(function).model_validate(options)


def test_plain_options_need_no_schema_and_wrong_ones_ask_it():
    def rule(*, k: int = 3, share: float = 0.5, name: str | None = None, degrees: list[int] = [1], flag: bool = False):  # noqa: B006
        raise AssertionError("never called")

    good = [{}, {"k": 1, "share": 1, "name": None}, {"share": 0.1, "degrees": [1, 2], "flag": True}, {"name": "a"}]
    assert all(plainly_fit(rule, options) for options in good)
    bad = [{"k": True}, {"k": 1.0}, {"flag": 1}, {"share": True}, {"degrees": [1, "2"]}, {"nam": "a"}, {"name": 3}]
    for options in bad:
        assert not plainly_fit(rule, options)
        with pytest.raises(ValidationError):
            options_schema(rule).model_validate(options)
