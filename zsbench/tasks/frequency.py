"""The key with which a task says how often its concepts stand in pretraining data, and the metrics that it brings."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.config.options import Text
from zsbench.config.schema import TaskConfig
from zsbench.core.lazy import IntArray
from zsbench.data.concept_counts import class_counts
from zsbench.metrics import naming


class Counted(TaskConfig):
    """A key that gives counts.

    `frequency` is JSON {concept: how often it stands in pretraining data}; metrics of frequency then stand beside the
    others.
    """

    frequency: Text | None = None

    def counts_of(self, names: Sequence[str]) -> IntArray | None:
        """Return the count of each concept, (n_names,); None where the task names no counts.

        Raises
        ------
        UserError
            As `class_counts`.
        """
        return None if self.frequency is None else class_counts(self.path("frequency"), names)

    def with_frequency(self, names: Sequence[str], added: Sequence[str], kinds: tuple[str, ...]) -> list[str]:
        """Return names of metrics, with those of frequency (`added`) that are not among them where there are counts."""
        known = {naming.resolve(name, kinds=kinds).name for name in names}
        return [*names, *(name for name in added if self.frequency is not None and name not in known)]
