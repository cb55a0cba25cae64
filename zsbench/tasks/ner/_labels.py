"""Which labels of gold and predictions count, and under which name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from zsbench.core.errors import UserError, did_you_mean
from zsbench.data.sentences.sentence import Mention

SpanT = TypeVar("SpanT", bound=tuple[Any, ...])


@dataclass
class Labels:
    """The label set of a task.

    Attributes
    ----------
    label_map : gold label -> the name asked for.
    excluded : labels dropped from gold (before `label_map`) and from predictions.
    merged : names that several gold labels are asked as on purpose.
    lower : the names asked are put in small letters.
    asked : the names asked for, in the order that models see; empty until the data are read.
    """

    label_map: Mapping[str, str]
    excluded: Collection[str]
    merged: Collection[str] = ()
    lower: bool = False
    asked: Sequence[str] = field(default_factory=list)

    def gold(self, spans: Sequence[Any]) -> list[Any]:
        """Return gold spans as they are asked for."""
        return self.worded(self.scored(spans))

    def worded(self, spans: Sequence[Any]) -> list[Any]:
        """Return spans in the wording that is asked, those of excluded labels as the data spell them."""
        return [renamed(span, self.name(span[2])) for span in spans]

    def name(self, label: str) -> str:
        """Return the name that a gold label is asked as."""
        name = self.label_map.get(label, label)
        return name.lower() if self.lower else name

    def wording(self, named: Sequence[str] | None) -> str:
        """Return the names asked, in their order, each with the gold labels that are worded otherwise.

        Without the names, those of `label_map` alone.
        """
        labels_of: dict[str, list[str]] = {}
        for label in self.label_map:
            labels_of.setdefault(self.name(label), []).append(label)
        asked = labels_of if named is None else [name.lower() if self.lower else name for name in named]
        parts = [f"{' and '.join(labels_of[name])} as {name}" if name in labels_of else name for name in asked]
        return ", ".join(parts)

    def scored(self, spans: Sequence[SpanT]) -> list[SpanT]:
        """Return the spans whose labels are not excluded."""
        return [span for span in spans if span[2] not in self.excluded]

    def ask(self, named: list[str] | None, in_gold: list[str], where: str, data: str) -> list[str]:
        """Set and return the labels asked: those the config names, or all of the gold.

        Parameters
        ----------
        where, data : places of the config's labels and of its data, for messages.

        Raises
        ------
        UserError
            There is none, or one stands twice.
        """
        labels = in_gold if named is None else [name.lower() for name in named] if self.lower else named
        if not labels:
            raise UserError(data, "no labels", "`labels:` or gold spans")
        if twice := [label for label in labels if labels.count(label) > 1]:
            raise UserError(where, f"label '{twice[0]}' stands twice", "every label once")
        self.asked = labels
        return labels

    def unknown(self, label: str) -> str:
        """Say that a predicted label is asked nowhere, with the nearest one that is; empty when it is asked."""
        if not self.asked or label in self.asked or label in self.excluded:
            return ""
        name = self.name(label)
        near = f"it is asked as '{name}'" if name in self.asked else ""
        near = near or did_you_mean(label, self.asked) or f"asked: {', '.join(self.asked)}"
        return f"label '{label}' is asked nowhere; {near}"

    def require_used(self, known: Collection[str], where: Callable[[tuple[str, ...]], str]) -> None:
        """Refuse entries that do nothing.

        Parameters
        ----------
        known : all labels of the gold, as the data spell them.
        where : from a key of the config to its place.

        Raises
        ------
        UserError
            An entry is no label of the gold, or is both excluded and asked for.
        """
        for key, entries in (("excluded_labels", self.excluded), ("label_map", self.label_map)):
            for label in entries:
                if label not in known:
                    hint = did_you_mean(label, known)
                    raise UserError(
                        where((key,)), f"no gold span is labelled '{label}'", ", ".join(sorted(known)), hint
                    )
        for label in self.excluded:
            if label in self.label_map or label in self.label_map.values():
                raise UserError(where(("label_map",)), f"'{label}' stands in excluded_labels too", "one of the two")

    def require_distinct(self, known: Collection[str], where: Callable[[tuple[str, ...]], str]) -> None:
        """Refuse gold labels that become one by chance, and names in `merged_labels` that do not.

        Parameters
        ----------
        known, where : as `require_used` takes them.

        Raises
        ------
        UserError
            Two gold labels are asked as one name that is not declared as merged, or a declared one merges nothing.
        """
        labels_of: dict[str, list[str]] = {}
        for label in sorted(set(known) - set(self.excluded)):
            labels_of.setdefault(self.name(label), []).append(label)
        for name, labels in labels_of.items():
            if len(labels) > 1 and name not in self.merged:
                key = "label_map" if any(label in self.label_map for label in labels) else "lower_case"
                found = f"gold labels '{labels[0]}' and '{labels[1]}' are both asked as '{name}'"
                raise UserError(where((key,)), found, "a name for each", f"`merged_labels: [{name}]` if they are one")
        for name in self.merged:
            labels = labels_of.get(name, [])
            if len(labels) < 2:
                found = f"only gold label '{labels[0]}' is" if labels else "no gold label is"
                hint = "" if labels else did_you_mean(name, labels_of)
                expected = "a name that two or more gold labels are asked as"
                raise UserError(where(("merged_labels",)), f"{found} asked as '{name}'", expected, hint)


def renamed(span: Any, label: str) -> Any:
    """Return a span with another label."""
    return span._replace(label=label) if isinstance(span, Mention) else (span[0], span[1], label)
