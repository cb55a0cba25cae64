"""Components of other packages: listed like zsbench's own, and adapters checked before their run begins."""

import sys

import pytest

from zsbench.config import catalog
from zsbench.config._offered import members
from zsbench.config.blocks import Block
from zsbench.core.errors import UserError
from zsbench.models.capabilities import ImageTextEncoder, RegionEncoder

RULE = '''"""Only the first template: what an ensemble is worth."""
from zsbench.config.components import method
from zsbench.methods.classification.prompt_ensemble import prompt_ensemble
from zsbench.models.capabilities import ImageTextEncoder


@method(family="classification", needs=(ImageTextEncoder,))
def outside_rule():
    return prompt_ensemble()
'''
ADAPTER = '''"""An encoder without `prepare`."""
from zsbench.config.components import model
from zsbench.models.capabilities import ImageTextEncoder


class Adapter:
    fingerprint = device = dtype = "x"

    def __init__(self):
        self.logit_scale, self.cost = 100.0, None

    def encode_images(self, prepared): ...

    def encode_texts(self, texts): ...


@model(offers=(ImageTextEncoder,))
def outside_adapter():
    return Adapter()
'''
BROKEN = "import no_such_package"


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """Install a package with a rule, an adapter and a source whose package cannot be imported."""
    files = {
        "outside_pack/__init__.py": "",
        "outside_pack/outside_rule.py": RULE,
        "outside_pack/outside_adapter.py": ADAPTER,
        "outside_broken/__init__.py": BROKEN,
        "outside-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: outside\nVersion: 1\n",
        "outside-1.dist-info/entry_points.txt": (
            "[zsbench.methods]\noutside-rule = outside_pack.outside_rule\n"
            "[zsbench.models]\noutside-adapter = outside_pack.outside_adapter\n"
            "[zsbench.data]\noutside-source = outside_broken.outside_source\n"
        ),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    catalog._components.cache_clear()
    yield
    catalog._components.cache_clear()
    for name in [name for name in sys.modules if name.startswith("outside_")]:
        del sys.modules[name]


@pytest.mark.usefixtures("outside")
def test_they_are_listed_with_family_and_summary_without_being_run():
    entry = catalog.components("methods")["outside-rule"]
    assert (entry.family, entry.summary) == ("classification", "Only the first template: what an ensemble is worth.")
    assert "outside_pack.outside_rule" not in sys.modules
    assert catalog.components("models")["outside-adapter"].summary == "An encoder without `prepare`."
    # A package that does not import ends no listing; the error comes when it is used.
    assert "outside_broken" in catalog.components("data")["outside-source"].summary
    assert catalog.load_component("methods", "outside-rule").facts.family == "classification"


@pytest.mark.usefixtures("outside")
def test_an_adapter_that_lacks_members_of_what_it_offers_is_refused_when_it_is_loaded():
    with pytest.raises(UserError, match=r"mine.yaml:1: adapter 'outside-adapter' lacks .*ImageTextEncoder: prepare\)"):
        Block("models", "outside-adapter", where="mine.yaml:1").build()


def test_members_are_those_of_the_protocol_and_of_all_it_extends():
    base = {"fingerprint", "device", "dtype", "cost", "logit_scale", "prepare", "encode_images", "encode_texts"}
    assert set(members(ImageTextEncoder)) == base
    assert set(members(RegionEncoder)) == base | {"encode_regions"}
