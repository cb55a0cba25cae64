"""Which unlabelled images get which labels, and how many a class in each round.

Source: Menghini et al. 2023, arXiv:2306.01669, section 3, and its code, BatsResearch/menghini-neurips23-code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from zsbench.core.errors import UserError
from zsbench.core.lazy import IntArray, np
from zsbench.methods.classification import Encoder, Known, Problem, softmax

if TYPE_CHECKING:
    Pseudolabels = tuple[IntArray, IntArray]

FPL_K, ROUNDS = 16, 10
Select = Literal["board", "topk-plain", "all"]
Schedule = Literal["fpl", "ifpl", "grip"]


def pick(select: Select, logits: Any, *, per_class: int, names: list[str]) -> tuple[IntArray, IntArray]:
    """Return image numbers and their labels as `select` says."""
    if select == "board":
        return board(logits, per_class=per_class, names=names)
    return topk_plain(logits, per_class=per_class) if select == "topk-plain" else label_all(logits)


def board(logits: Any, *, per_class: int, names: Sequence[str] | None = None) -> Pseudolabels:
    """Return (images, labels) as the code's board selects them: `per_class` a class, in one pass over the images.

    Each class has a board. An image goes to the board of its likeliest class while that has room; later it goes
    there if it is more probable than the LAST entry (of an unsorted board until the first time this happens: then
    the board is sorted, best first, and cut). Otherwise it tries every other class by the same two tests, and
    may enter several. Whoever is cut is not offered again.

    Parameters
    ----------
    logits : (n_images, n_classes).
    per_class : entries of a board.
    names : (n_images,) texts that settle equal probabilities, the larger first; default the image's number.

    Returns
    -------
    image numbers and labels, by class, then in the board's order.
    """
    probabilities = softmax(logits)
    n, n_classes = probabilities.shape
    keys: Sequence[Any] = range(n) if names is None else names
    boards: list[list[tuple[float, Any, int]]] = [[] for _ in range(n_classes)]
    to_beat = np.full(n_classes, -np.inf)  # the last entry of a full board
    for image, row in enumerate(probabilities):
        beaten, best = row > to_beat, int(row.argmax())
        for c in [best] if beaten[best] else np.flatnonzero(beaten):
            boards[c].append((float(row[c]), keys[image], image))
            if len(boards[c]) > per_class:
                boards[c].sort(reverse=True)
                boards[c].pop()
            if len(boards[c]) == per_class:
                to_beat[c] = boards[c][-1][0]
    return _flat([[image for _, _, image in entries] for entries in boards])


def topk_plain(logits: Any, *, per_class: int) -> Pseudolabels:
    """Return (images, labels): of the images predicted as a class, the `per_class` most confident, best first."""
    probabilities = softmax(logits)
    predicted = probabilities.argmax(axis=1)
    boards = []
    for c in range(probabilities.shape[1]):
        members = np.flatnonzero(predicted == c)
        boards.append(list(members[np.argsort(-probabilities[members, c], kind="stable")[:per_class]]))
    return _flat(boards)


def label_all(logits: Any) -> Pseudolabels:
    """Return (images, labels): every image with its likeliest class, in order."""
    labels = np.asarray(logits).argmax(axis=1)
    return np.arange(len(labels)), labels


def _flat(boards: Sequence[Sequence[int]]) -> Pseudolabels:
    images = np.array([i for entries in boards for i in entries], dtype=np.int64)
    return images, np.repeat(np.arange(len(boards)), [len(entries) for entries in boards])


def grip_counts(n_images: int, n_classes: int, *, rounds: int = ROUNDS) -> list[int]:
    """Return K of each GRIP round, growing until nearly every image is used.

    K_i = floor( i floor(n / I) / C ), at most floor(n / C), for i = 1..I.
    """
    return [min(i * (n_images // rounds) // n_classes, n_images // n_classes) for i in range(1, rounds + 1)]


def counts(schedule: Schedule, *, per_class: int, n_images: int, n_classes: int, rounds: int = ROUNDS) -> list[int]:
    """Return K of every round; GRIP's rounds with K = 0 change nothing and are left out.

    Raises
    ------
    UserError
        GRIP has fewer images than classes.
    """
    by_schedule = {
        "fpl": [per_class],
        "ifpl": [per_class] * rounds,
        "grip": [k for k in grip_counts(n_images, n_classes, rounds=rounds) if k],
    }[schedule]
    if not by_schedule:
        what = f"pseudolabels: {n_images} unlabeled images for {n_classes} classes"
        raise UserError("", what, "at least one a class for grip")
    return by_schedule


def unlabelled(encoder: Encoder, problem: Problem, labelled: Sequence[Any]) -> Known:
    """Return the task's unlabeled images without those that are labelled ones as well.

    Raises
    ------
    UserError
        No image is left.
    """
    known = {item.id: item for item in labelled}
    pool = [i for i in problem.unlabeled or [] if i.id not in known or known[i.id].digest() != i.digest()]
    if not pool:
        raise UserError("", "pseudolabels: no unlabeled images", "`unlabeled:` in the task's YAML")
    return Known(encoder.images(pool), pool)
