"""What tells S3A's candidate names of a cluster apart: phrases read from a file, and the votes images give them.

    h[j]             = number of the cluster's images that have phrase j among their k2 nearest
    score(candidate) = sum over its phrases of w[j] h[j]

Source: Zhang et al. 2024, arXiv:2308.12960, section 3; the weights w as in the reference implementation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zsbench.core import jsonfiles
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.core.yamlio import shown

EXPECTED = "JSON {cluster: {candidate: {phrase: count}}}"


@dataclass(frozen=True)
class Phrases:
    """What tells the candidates of one cluster apart.

    Attributes
    ----------
    names : (n_candidates,) class numbers, in alphabetical order of the class names.
    candidate : (n_phrases,) position in `names` of the candidate a phrase speaks of.
    counts : (n_phrases,) how often the phrase was given.
    embeddings : (n_phrases, width), rows of length 1.
    """

    names: IntArray
    candidate: IntArray
    counts: IntArray
    embeddings: Any


def distinct_phrases(phrases: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Drop phrases that are a candidate's name or are given for several candidates; {candidate: {phrase: count}}."""
    owners: dict[str, int] = {}
    for counts in phrases.values():
        for phrase in counts:
            owners[phrase] = owners.get(phrase, 0) + 1
    return {
        name: {phrase: n for phrase, n in counts.items() if owners[phrase] == 1 and phrase not in phrases}
        for name, counts in phrases.items()
    }


def phrase_scores(features: Any, phrases: Phrases, *, k2: int = 3, weighted: bool = True) -> DoubleArray:
    """Return the score of each candidate (n_candidates,) over the images (n_images, width) of its cluster.

    Each image votes for its `k2` nearest phrases. With `weighted`, a candidate's own counts are first divided by
    their sum, then by the total over all phrases of the cluster, the other candidates' counts being raw.
    """
    votes = np.zeros(len(phrases.counts))
    near = np.argsort(-(features @ phrases.embeddings.T), axis=1, kind="stable")[:, :k2]
    np.add.at(votes, near.ravel(), 1)
    scores = np.zeros(len(phrases.names))
    for number in range(len(phrases.names)):
        mine = phrases.candidate == number
        if mine.any():
            scores[number] = (_weights(phrases.counts, mine) * votes)[mine].sum() if weighted else votes[mine].sum()
    return scores


def _weights(counts: Any, mine: Any) -> DoubleArray:
    weights = np.asarray(counts, dtype=np.float64).copy()
    weights[mine] /= weights[mine].sum()
    return np.asarray(weights / weights.sum())


def read_phrases(file: Path, clusters: Sequence[str], class_names: Sequence[str]) -> list[dict[str, dict[str, int]]]:
    """Return {candidate: {phrase: count}} for each cluster, without phrases that tell no candidate apart.

    Raises
    ------
    UserError
        Not such a JSON file, a cluster that is missing, a candidate that is no class.
    """
    phrases = jsonfiles.read(file, EXPECTED)
    missing = [key for key in clusters if not isinstance(phrases, dict) or not isinstance(phrases.get(key), dict)]
    if missing:
        hint = "the notes of a run without `phrases:` list clusters and candidates"
        raise UserError(shown(file), f"nothing for cluster {missing[0]}", EXPECTED, hint)
    for key in clusters:
        _check(phrases[key], f"{shown(file)}: cluster {key}", class_names)
    return [distinct_phrases(phrases[key]) for key in clusters]


def _check(phrases: Mapping[str, Any], where: str, class_names: Sequence[str]) -> None:
    for name, counts in phrases.items():
        if name not in class_names:
            raise UserError(where, f"candidate '{name}' is no class", "", did_you_mean(name, class_names))
        if not isinstance(counts, dict) or not all(isinstance(n, int) and n > 0 for n in counts.values()):
            raise UserError(where, f"candidate '{name}' has no phrases with counts", EXPECTED)
