"""What an option may be, said where it is declared: the annotated types that components, tasks and metrics share.

    def tip_adapter(*, alpha: NonNegative = 1.0, shots: Count | None = None, seed: Seed = 0) -> Rule: ...

Whole numbers, shares and texts are checked when a config is read, before any data or model is. NaN and infinity are
refused for every number by the schemas' own configuration (`components.Strict`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen

from zsbench import templates

Count = Annotated[int, Ge(1), Lt(2**31)]
"""A whole number of at least 1: sizes, lengths, numbers of things."""
Cutoff = Annotated[int, Ge(1), Le(1_000_000)]
"""The k of a metric: how many of the best are looked at."""
Grade = Annotated[int, Ge(1), Lt(2**63)]
"""The least grade of a relevant document."""
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
Text = Annotated[str, MinLen(1)]
"""A text that is not empty: names, columns, wordings."""
Texts = Annotated[list[Text], MinLen(1)]
"""At least one text, none of them empty."""
Character = Annotated[str, MinLen(1), MaxLen(1)]
"""One character: the delimiter of a table."""


@dataclass(frozen=True)
class Blanks:
    """Marks a text as a template: which blanks it may hold, and which of them it has to.

    `Annotated[str, Blanks("query", "text", needed=("text",))]`. A blank that nothing fills, or a missing one that is
    needed, is refused when the config is read.
    """

    known: tuple[str, ...]
    needed: tuple[str, ...] = ()

    def __init__(self, *known: str, needed: tuple[str, ...] = ()) -> None:
        object.__setattr__(self, "known", known)
        object.__setattr__(self, "needed", needed)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Check the text after its type."""
        from pydantic_core import PydanticCustomError, core_schema

        def check(text: str) -> str:
            problem = templates.problem(text, self.known, self.needed)
            if problem:
                raise PydanticCustomError("template", "{problem}", {"problem": problem})
            return text

        return core_schema.no_info_after_validator_function(check, handler(source))


ClassTemplate = Annotated[str, "class-template"]
"""A prompt template for classes: the class stands for `{}` or `{c}`; other braces are text."""
