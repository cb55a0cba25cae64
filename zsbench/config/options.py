"""What an option may be, said where it is declared: the annotated types that components, tasks and metrics share.

    def tip_adapter(*, alpha: NonNegative = 1.0, shots: Count | None = None, seed: Seed = 0) -> Rule: ...

Whole numbers, shares and texts are checked when a config is read, before any data or model is. NaN and infinity are
refused for every number by the schemas' own configuration (`components.Strict`). What options ask of each other is
declared beside the component (`zsbench.config.companions`).
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen

from zsbench.core import templates


class Mark:
    """A bound that no library has a word for: `expected(value)` says what a value lacks, or nothing."""

    def expected(self, value: Any) -> str:
        """Return what was expected instead of the value; empty where the value is fine."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Check the value after its type."""
        from pydantic_core import PydanticCustomError, core_schema

        def check(value: Any) -> Any:
            expected = self.expected(value)
            if expected:
                raise PydanticCustomError("expected", "{expected}", {"expected": expected})
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))


@dataclass(frozen=True)
class NotBlank(Mark):
    """Marks a text that has to hold more than blanks."""

    def expected(self, value: str) -> str:
        """Return what a blank text should have been."""
        return "" if value.strip() else "a text that is not empty"


@dataclass(frozen=True)
class Distinct(Mark):
    """Marks a list that may hold nothing twice."""

    def expected(self, value: list[Any]) -> str:
        """Return which entry stands there more than once."""
        keys = [entry if isinstance(entry, Hashable) else repr(entry) for entry in value]
        twice = next((entry for n, entry in enumerate(keys) if entry in keys[:n]), None)
        return "" if len(set(keys)) == len(keys) else f"each of its entries once, not {twice!r} twice"


@dataclass(frozen=True)
class Holds(Mark):
    """Marks a list that has to hold some entries."""

    entries: tuple[str, ...]

    def expected(self, value: Any) -> str:
        """Return the entries that a list should hold where it lacks one."""
        return "" if set(self.entries) <= set(value) else f"a list that holds {' and '.join(self.entries)}"


@dataclass(frozen=True)
class Matches(Mark):
    """Marks a text that a pattern has to match as a whole; `said` is the pattern in words."""

    pattern: str
    said: str

    def expected(self, value: str) -> str:
        """Return the pattern in words where the text does not match."""
        return "" if re.fullmatch(self.pattern, value) else self.said


@dataclass(frozen=True)
class Expression(Mark):
    """Marks a text as a regular expression."""

    def expected(self, value: str) -> str:
        """Return what keeps the text from being one."""
        try:
            re.compile(value)
        except (re.error, RecursionError, OverflowError) as error:
            return f"a regular expression ({error})"
        return ""


@dataclass(frozen=True)
class OneOf(Mark):
    """Marks a number that is one of a few; a choice of numbers would take yes for 1."""

    numbers: tuple[int, ...]

    def expected(self, value: int) -> str:
        """Return the numbers where the value is none of them."""
        return "" if value in self.numbers else " or ".join(map(str, self.numbers))


@dataclass(frozen=True)
class ClassBlank(Mark):
    """Marks a prompt template for classes, which needs a place for the class."""

    def expected(self, value: str) -> str:
        """Return what a template without the class lacks."""
        return "" if templates.takes_class(value) else "a text with a place for the class, {} or {c}"


@dataclass(frozen=True)
class Blanks(Mark):
    """Marks a text as a template: which blanks it may hold, and which of them it has to.

    `Annotated[str, Blanks("query", "text", needed=("text",))]`. A blank that nothing fills, or a missing one that is
    needed, is refused when the config is read.
    """

    known: tuple[str, ...]
    needed: tuple[str, ...] = ()

    def __init__(self, *known: str, needed: tuple[str, ...] = ()) -> None:
        object.__setattr__(self, "known", known)
        object.__setattr__(self, "needed", needed)

    def expected(self, value: str) -> str:
        """Return the blank that is wrong or missing."""
        return templates.problem(value, self.known, self.needed)


Count = Annotated[int, Ge(1), Lt(2**31)]
"""A whole number of at least 1: sizes, lengths, numbers of things."""
Cutoff = Annotated[int, Ge(1), Le(1_000_000)]
"""The k of a metric: how many of the best are looked at."""
Grade = Annotated[int, Ge(1), Lt(2**63)]
"""The least grade of a relevant document."""
Few = Annotated[int, Ge(1), Le(10_000)]
"""How often something is done to one thing: views of an image, rounds, values tried."""
Natural = Annotated[int, Ge(0), Lt(2**31)]
"""A whole number of at least 0."""
AnyInt = Annotated[int, Ge(-(2**63)), Lt(2**63)]
"""Any whole number: says that no bound was forgotten."""
Seed = Annotated[int, Ge(0), Lt(2**32)]
"""What numpy, torch and scikit-learn all take as a seed."""
Positive = Annotated[float, Gt(0)]
"""A number above 0: temperatures, scales, focal lengths."""
NonNegative = Annotated[float, Ge(0)]
"""A number of at least 0: weights, rates."""
AnyFloat = Annotated[float, Ge(-1e308), Le(1e308)]
"""Any finite number: says that no bound was forgotten."""
Share = Annotated[float, Ge(0), Le(1)]
"""A number from 0 to 1, both included."""
PositiveShare = Annotated[float, Gt(0), Le(1)]
"""A number above 0, at most 1: probabilities to reach, temperatures of a mixture."""
ProperShare = Annotated[float, Gt(0), Lt(1)]
"""A number strictly between 0 and 1."""
Percent = Annotated[float, Ge(1), Le(100)]
"""A percentage that asks for something: at least 1."""
Text = Annotated[str, NotBlank()]
"""A text that is not empty: names, columns, wordings."""
Texts = Annotated[list[Text], MinLen(1)]
"""At least one text, none of them empty."""
AnyTexts = Annotated[list[Text], "may-be-empty"]
"""Texts or none at all: says that no bound was forgotten."""
Names = Annotated[list[Text], MinLen(1), Distinct()]
"""At least one name, none of them empty, none twice: classes, labels, columns."""
AnyText = Annotated[str, "any-text"]
"""Any text, the empty one too: says that no bound was forgotten."""
Separator = Annotated[str, MinLen(1)]
"""What stands between two texts; blanks alone may do."""
Character = Annotated[str, MinLen(1), MaxLen(1)]
"""One character: the delimiter of a table."""
ClassTemplate = Annotated[str, ClassBlank()]
"""A prompt template for classes: the class stands for `{}` or `{c}`; other braces are text."""
ClassTemplates = Annotated[list[ClassTemplate], MinLen(1), Distinct()]
"""At least one template for classes, none twice."""
Pattern = Annotated[Text, Expression()]
"""A regular expression that finds a part of a name."""
Device = Annotated[str, Matches(r"auto|cpu|mps|cuda(:[0-9]{1,3})?", "auto, cpu, mps, cuda or cuda:N")]
"""Where a network runs."""
Revision = Annotated[Text, "revision"]
"""A commit or tag on a hub; a local folder has none."""

LocalPath = Annotated[Text, "local-path"]
"""A file or folder; relative ones start at the folder of the config that names them."""
ModelRef = Annotated[Text, "model-ref"]
"""A hub id or a folder (`local-dir:`, `asset:`, `$NAME/...`, relative to the config)."""
