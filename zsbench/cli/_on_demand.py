"""A group whose commands are imported when they are asked for: none waits for the imports of another."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from zsbench.cli._endings import catching


class _Commands(Mapping[str, Any]):
    """Click commands by name, each made from its function when it is first looked up."""

    def __init__(self, places: Mapping[str, str], epilog: str) -> None:
        self.places, self.epilog = places, epilog
        self.made: dict[str, Any] = {}

    def imported(self, name: str) -> Any:
        """Return the function or the Typer app behind a name."""
        module, function = self.places[name].rsplit(".", 1)
        return getattr(importlib.import_module(f"zsbench.cli.{module}"), function)

    def listed(self) -> dict[str, TyperCommand]:
        """Return commands that know their summary and nothing else, which is all that a list of them shows."""
        every = {name: self.imported(name) for name in self}
        return {
            name: TyperCommand(
                name, help=command.info.help if isinstance(command, typer.Typer) else inspect.getdoc(command)
            )
            for name, command in every.items()
        }

    def __getitem__(self, name: str) -> Any:
        if name not in self.made:
            command, alone = self.imported(name), typer.Typer(add_completion=False)
            if isinstance(command, typer.Typer):
                alone.add_typer(command, name=name, epilog=self.epilog)
            else:
                alone.command(name, epilog=self.epilog)(command)
            self.made[name] = typer.main.get_group(alone).commands[name]
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def on_demand(places: Mapping[str, str], *, epilog: str) -> type[TyperGroup]:
    """Return the group of commands found at `module.function` of `zsbench.cli`, by name, in this order."""

    class Group(TyperGroup):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.commands = _Commands(places, epilog)  # type: ignore[assignment]

        def format_help(self, ctx: Any, formatter: Any) -> None:
            self.commands = _Commands(places, epilog).listed()  # type: ignore[assignment]
            super().format_help(ctx, formatter)

        def invoke(self, ctx: Any) -> Any:
            with catching(ctx):
                return super().invoke(ctx)

        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
            return list(places)

    return Group
