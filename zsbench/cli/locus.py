"""`zsbench locus`: which classes of a tree can be answered when only some are labelled, and which to label next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from zsbench.cli._screen import say


def locus(
    hierarchy: Annotated[Path, typer.Argument(help="The tree: two names of nodes a line, separated by a tab.")],
    labelled: Annotated[Path, typer.Option(help="The labelled classes: one a line, or a JSON list.")],
    next_classes: Annotated[
        int, typer.Option("--next", min=0, max=10_000, help="Choose that many classes to label, one after another.")
    ] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Say which classes Loki can answer with, and which one to label next: the farthest from them."""
    from zsbench.analysis.locus import read_tree
    from zsbench.core import jsonfiles
    from zsbench.core.words import number_of

    tree = read_tree(hierarchy)
    members = tree.numbers(jsonfiles.texts(labelled), str(labelled))
    reached = [tree.names[node] for node in tree.locus(members)]
    chosen: list[dict[str, Any]] = []
    for _ in range(next_classes):
        found = tree.next_class(members)
        if not found.distance:
            break
        members.append(found.node)
        chosen.append({"class": tree.names[found.node], "distance": found.distance, "equally_far": found.n_equal})
    after = len(tree.locus(members))
    if json:
        import json as encoder

        told = {"schema_version": 1, "nodes": len(tree.names), "locus": reached, "next": chosen, "locus_after": after}
        say(encoder.dumps(told, indent=2, ensure_ascii=False), data=True)
        return
    say(f"{len(reached)} of {len(tree.names)} classes can be answered: {', '.join(reached)}", data=True)
    for each in chosen:
        equal = f", {each['equally_far']} are as far" if each["equally_far"] != 1 else ""
        say(f"label next: {each['class']} ({number_of(each['distance'], 'edge')} away{equal})", data=True)
    if chosen:
        say(f"then {after} can be answered", data=True)
