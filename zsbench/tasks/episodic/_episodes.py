"""Drawing few-shot episodes from labelled features, each from its own random stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le

from zsbench.config.options import Count, Positive, Seed
from zsbench.config.schema import TaskConfig
from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.data.vectors.labelled_features import LabelledFeatures
from zsbench.methods.episodic import Episode


@dataclass(frozen=True)
class Drawn:
    """One episode as numbers: its classes (places in the sorted class list) and rows of the features file."""

    id: str
    classes: tuple[int, ...]
    support: tuple[int, ...]
    query: tuple[int, ...]

    def described(self) -> dict[str, Any]:
        """Return the fields as they stand in a predictions file."""
        return {"id": self.id, "classes": self.classes, "support": self.support, "query": self.query}


class Design(TaskConfig):
    """The keys that say how episodes are drawn; `episodic.Config` has what they mean."""

    way: Annotated[int, Ge(2), Le(10_000)] = 5
    shots: Count = 1
    queries: Count = 15
    query_distribution: Literal["balanced", "dirichlet"] = "balanced"
    alpha: Positive = 2.0
    episodes: Count = 10_000
    episode_seed: Seed = 0
    transform: Literal["UN", "L2N", "CL2N"] = "CL2N"


class Episodes:
    """Draws episodes and fills them with transformed features.

    Parameters
    ----------
    data : features and labels.
    base_mean : what CL2N takes off, (width,), or None.
    config : way, shots, queries, their distribution, transform and seed.
    where : the data's place in the YAML, for messages.

    Raises
    ------
    UserError
        Too few classes, a class with fewer images than shots, CL2N without a mean, a vector that L2N cannot scale.
    """

    def __init__(self, data: LabelledFeatures, base_mean: DoubleArray | None, config: Design, where: str) -> None:
        self.config = config
        classes, self.class_of = np.unique(data.labels, return_inverse=True)
        self.members = [np.flatnonzero(self.class_of == c) for c in range(len(classes))]
        if len(classes) < config.way:
            raise UserError(where, f"{len(classes)} classes", f"at least {config.way} for {config.way}-way episodes")
        small = [c for c, rows in zip(classes, self.members, strict=True) if len(rows) < config.shots + 1]
        if small:
            expected = f"at least {config.shots + 1} for {config.shots} shots and a query"
            raise UserError(where, f"class {small[0]} has too few images", expected)
        if config.transform == "CL2N" and base_mean is None:
            raise UserError(where, "no `base_mean` for CL2N", "that array in the .npz, or `transform: L2N`")
        try:
            self.features = transformed(data.features, config.transform, base_mean)
        except ValueError as error:
            raise UserError(where, str(error), "`transform: UN`, or features without such rows") from None

    def draw(self, number: int) -> Drawn:
        """Return episode `number`; the same whatever else is drawn, and its queries in random order."""
        config = self.config
        rng = np.random.default_rng([config.episode_seed, number])
        classes = rng.choice(len(self.members), config.way, replace=False)
        sizes = [config.queries] * config.way
        if config.query_distribution == "dirichlet":
            sizes = apportioned(rng.dirichlet([config.alpha] * config.way), config.way * config.queries)
        mixed = [rng.permutation(self.members[c]) for c in classes]
        support = [row for rows in mixed for row in rows[: config.shots]]
        query = [row for rows, n in zip(mixed, sizes, strict=True) for row in rows[config.shots : config.shots + n]]
        query = list(rng.permutation(query))
        return Drawn(str(number), *(tuple(int(v) for v in values) for values in (classes, support, query)))

    def episode(self, item: Drawn) -> Episode:
        """Return the episode that a method sees."""
        support, query = self.features[list(item.support)], self.features[list(item.query)]
        return Episode(support, query, self.config.way, self.config.shots)

    def labels(self, item: Drawn) -> IntArray:
        """Return the place of each query's class in the episode, (n_queries,)."""
        place = {c: k for k, c in enumerate(item.classes)}
        return np.array([place[int(self.class_of[row])] for row in item.query], dtype=np.int64)


class Judged(Sequence[Any]):
    """The first `n` episodes with the labels of their queries: read, drawn and filled when asked for, never held."""

    def __init__(self, build: Callable[[], Episodes], n: int) -> None:
        self.build, self.n = build, n

    @cached_property
    def episodes(self) -> Episodes:
        """What they are drawn from."""
        return self.build()

    def __len__(self) -> int:
        """Return the number of episodes."""
        return self.n

    def __getitem__(self, number: Any) -> tuple[Episode, IntArray]:
        """Return an episode and its labels."""
        if number >= self.n:
            raise IndexError(number)
        item = self.episodes.draw(number)
        return self.episodes.episode(item), self.episodes.labels(item)


def transformed(features: Any, transform: str, base_mean: Any) -> DoubleArray:
    """Return features (n, width) as UN, L2N or CL2N makes them.

    Raises
    ------
    ValueError
        A row has no length to divide by.
    """
    rows = np.asarray(features, dtype=np.float64)
    if transform == "CL2N":
        rows = rows - np.asarray(base_mean, dtype=np.float64)
    if transform == "UN":
        return rows
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if (lengths == 0).any():
        raise ValueError(f"row {int((lengths[:, 0] == 0).argmax())} has length 0")
    return np.asarray(rows / lengths)


def apportioned(shares: DoubleArray, total: int) -> list[int]:
    """Return whole numbers that add up to `total`, nearest to the shares by largest remainder.

    Source of the protocol: Veilleux et al. 2021, arXiv:2204.11181, section 3 (alpha = 2).
    """
    exact = np.asarray(shares) * total
    counts = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: total - counts.sum()]] += 1
    return [int(n) for n in counts]
