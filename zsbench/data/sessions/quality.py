"""Which last sessions are worth predicting: those in which a user really watched, or said so.

    kept = at least `shortest` rows with a number above 0 in `watched`
           or the sum of `played` above `longer_than`
           or a number above 0 in one of `feedback`

Source: Deng et al. 2025 (OneRec), arXiv:2502.18965, section 3, its sessions of high quality.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from zsbench.config.components import Strict
from zsbench.config.options import Count, Names, NonNegative, Text


class Quality(Strict):
    """What makes a session good, of which one is enough: columns of the log, and how much of each.

    `watched`: a column with a number above 0 where an item was really watched, in at least `shortest` rows. `played`: a
    column of watch times, whose sum is above `longer_than`, in the column's unit. `feedback`: columns with a number
    above 0 where the user liked, shared or collected.
    """

    watched: Text | None = None
    shortest: Count = 5
    played: Text | None = None
    longer_than: NonNegative | None = None
    feedback: Names | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Quality:
        """Refuse a quality without a column, and a key that is of no use without another."""
        if not self.columns:
            raise _expected("a column under `watched`, `played` or `feedback`")
        if "shortest" in self.model_fields_set and self.watched is None:
            raise _expected("`watched:` beside `shortest:`")
        if (self.played is None) != (self.longer_than is None):
            raise _expected("`played:` and `longer_than:` together")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the log that have to be read, each once."""
        named = (self.watched, self.played, *(self.feedback or ()))
        return tuple(dict.fromkeys(name for name in named if name is not None))

    def holds(self, session: Mapping[str, Sequence[float]]) -> bool:
        """Say whether a session is good, by the numbers of its rows in each column."""
        n_watched = sum(value > 0 for value in session[self.watched]) if self.watched else 0
        played = math.fsum(session[self.played]) if self.played else 0.0
        said = any(value > 0 for name in self.feedback or () for value in session[name])
        return n_watched >= self.shortest or (self.longer_than is not None and played > self.longer_than) or said


def _expected(what: str) -> PydanticCustomError:
    return PydanticCustomError("expected", "{expected}", {"expected": what})
