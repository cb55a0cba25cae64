"""`zsbench show`: one name in full: resolved YAML, exact prompts, documentation, source."""

from __future__ import annotations

import inspect
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbench.cli._screen import say

if TYPE_CHECKING:
    from zsbench.config.catalog import ComponentKind, ConfigKind, Entry

CONFIGS: tuple[ConfigKind, ...] = ("suites", "papers", "tasks", "models")
COMPONENTS: tuple[ComponentKind, ...] = ("methods", "models", "modifiers", "data", "tasks")


def show(
    name: Annotated[str, typer.Argument(help="A family, task, method, model, metric, suite, paper or YAML file.")],
) -> None:
    """Show what a name stands for."""
    from zsbench.cli import _family
    from zsbench.config import catalog
    from zsbench.core.errors import unknown_name

    if name in _family.families():
        _family.show(name)
        if name not in catalog.components("tasks"):
            return None
        say("")
    if name.removeprefix("papers/") != name and name.removeprefix("papers/") in catalog.configs("papers"):
        return _config(catalog.configs("papers")[name.removeprefix("papers/")].path)
    for group in CONFIGS:
        if name in catalog.configs(group) and group != "papers":
            return _config(catalog.configs(group)[name].path)
    if name.endswith((".yaml", ".yml")):
        return _config(catalog.find_config("tasks", name))
    for kind in COMPONENTS:
        if name in catalog.own_components(kind):
            return _component(kind, catalog.own_components(kind)[name])
    base = name.split("(")[0].split("@")[0]
    same = [key for key in catalog.metrics() if base in (key, key.rpartition(":")[2])]
    if same:  # several where kinds of metrics share a name
        for key in same:
            _metric(key)
        return None
    if name in catalog.configs("papers"):  # behind the method it is often named after
        return _config(catalog.configs("papers")[name].path)
    for kind in COMPONENTS:  # last, because it goes through every installed package
        if name in catalog.components(kind):
            return _component(kind, catalog.components(kind)[name])
    names = (
        {n for group in CONFIGS for n in catalog.configs(group)}
        | set(catalog.components("methods"))
        | set(catalog.metrics())
        | _family.families()
    )
    raise unknown_name("", "name", name, names, listed_by="zsbench list configs")


def _config(path: Path) -> None:
    """Print the YAML after `extends:`, then the exact prompts and the documentation of its parts."""
    import yaml

    from zsbench.config import catalog, overlay
    from zsbench.core import textfiles, yamlio

    document = overlay.load(path)
    say(f"# {yamlio.shown(path)}", fg="bright_black")
    say(yaml.safe_dump(document.value, sort_keys=False, allow_unicode=True, width=110), nl=False)
    value = document.value
    if "adapter" in value:
        from zsbench.config.modified import model_block

        block = model_block(value, document, ())
        for card in (p for p in block.files() if p.endswith("card.json")):
            say("\n# card.json", fg="bright_black")
            say(textfiles.read(Path(card)), nl=False)
    if "type" in value:
        module = catalog.load_module("tasks", value["type"])
        method = value.get("method", module.Config.model_fields["method"].default)
        for name, options in {"": {}, **value.get("method_options", {})}.items():
            _prompts(
                {"name": name, **options} if name else method if isinstance(method, dict) else {"name": method},
                value,
            )
        _documentation(module.__doc__)


def _prompts(method: dict[str, Any], task: dict[str, Any]) -> None:
    """Print the prompt that the method makes of this task, every blank as it is sent."""
    from zsbench.config import catalog

    module = catalog.load_module("methods", method["name"])
    describe = getattr(module, "describe_prompt", None)
    if describe is None:
        return
    options = {key: value for key, value in method.items() if key != "name"}
    say(f"\n# prompt of method {method['name']}", fg="bright_black")
    say(describe(options, task))


def _component(kind: ComponentKind, entry: Entry) -> None:
    """Print a component's documentation, its options and where it is defined."""
    from zsbench.config import catalog
    from zsbench.config.schema import TaskConfig
    from zsbench.core import yamlio

    name, module = entry.name, catalog.load_module(kind, entry.name)
    say(f"# {yamlio.shown(entry.path)}", fg="bright_black")
    _documentation(module.__doc__)
    if kind == "tasks":
        # Keys that several task types share stand in schemas of their own, down to what every task may say.
        for schema in itertools.takewhile(lambda schema: schema is not TaskConfig, module.Config.__mro__):
            _documentation(vars(schema).get("__doc__"))
        return
    function = catalog.load_component(kind, name)
    facts = getattr(function, "facts", None)
    say("\n# options", fg="bright_black")
    say(f"{name}{inspect.signature(function)}".split(" -> ")[0])
    _documentation(function.__doc__)
    if kind == "methods" and facts is not None:
        needs = ", ".join(need.__name__ for need in facts.needs) or "no model"
        uses = f"; uses {', '.join(facts.uses)}" if facts.uses else ""
        uses += "".join(f"; with `{option}` also uses {use}" for option, use in facts.uses_with)
        uses += "".join(f"; with a list of `{option}` also uses {use}" for option, use in facts.uses_with_list)
        say(f"\n{facts.kind}; family {facts.family}; needs {needs}{uses}")
        _prompts({"name": name}, {})


def _metric(name: str) -> None:
    """Print a metric's documentation and parameters."""
    from zsbench.config import catalog
    from zsbench.core import yamlio
    from zsbench.metrics import naming

    entry, function = catalog.metrics()[name], naming.declared(name)
    say(f"# {yamlio.shown(entry.path)}", fg="bright_black")
    parameters = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    say(f"{name}({', '.join(str(p) for p in parameters)})")
    _documentation(function.__doc__)
    say(f"\nunit {function.metric.unit or '-'}, {function.metric.better} is better, {function.metric.interval}")
    _documentation(inspect.getmodule(function).__doc__)  # type: ignore[union-attr]


def _documentation(text: str | None) -> None:
    if text:
        say("\n" + inspect.cleandoc(text))
