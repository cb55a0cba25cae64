"""Parts of drawings that several types of task share: scores of classes, rankings of texts, images."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from zsbench.core.drawing import Drawing, Entry, Paragraph, Part, Picture, Ranking, Scores, short
from zsbench.core.lazy import np

TOP = 5
"""Classes shown with their scores."""
LISTED = 10
"""Entries of a ranking shown, and at most so many of the gold behind them."""
_EXCERPT = 300
"""Characters of a passage shown."""


def of_classes(head: Sequence[Part], prediction: Any, names: Sequence[str], right: Collection[int]) -> Drawing:
    """Return the drawing of an item that gets a score for each class, or one class.

    Parameters
    ----------
    head : what is shown of the item itself.
    prediction : scores (n_classes,), or the number of a class.
    right : numbers of the right classes.
    """
    gold = [names[number] for number in sorted(right) if 0 <= number < len(names)]
    texts = {"gold": ", ".join(gold), "classes": gold}
    if np.ndim(prediction) == 0:
        return Drawing([*head, Paragraph("Gold", texts["gold"])], answer=names[int(prediction)], **texts)  # type: ignore[arg-type]
    scores = np.asarray(prediction, dtype=np.float64)
    order = np.argsort(-scores, kind="stable")
    rank = {int(number): place for place, number in enumerate(order, 1)}
    shown = [int(number) for number in order[:TOP]]
    shown += sorted((number for number in right if number in rank and number not in shown), key=rank.__getitem__)[:TOP]
    rows = [(names[number], float(scores[number]), number in right, rank[number]) for number in shown]
    margin = float(scores[order[0]] - scores[order[1]]) if len(order) > 1 else None
    title = f"Scores of {len(names)} classes"
    return Drawing([*head, Scores(title, rows)], answer=names[shown[0]], margin=margin, **texts)  # type: ignore[arg-type]


def image(item: Any, title: str = "") -> Picture:
    """Return the picture of an item that is an image."""
    return Picture(title, item.open)


def candidate(item: Any, *, right: bool) -> Picture:
    """Return the picture of an image that several items may be about, under its own name."""
    return Picture(item.id, item.open, key=item.id, right=right)


def of_ranking(
    query: Sequence[Part],
    order: Sequence[str],
    text_of: Callable[[str], str],
    gold: Mapping[str, str],
    *,
    title: str,
    before: Sequence[str] = (),
    before_title: str = "",
) -> Drawing:
    """Return the drawing of a query with the first of its ranking.

    Parameters
    ----------
    order : ids, best first.
    text_of : returns the text of an id, empty where nobody knows it.
    gold : what gold says of each id that it names: `grade 2`, `holds an answer`.
    before : the order that was re-ranked.
    """
    rank = {key: place for place, key in enumerate(order, 1)}
    was = {key: place for place, key in enumerate(before, 1)}
    further = sorted((key for key in gold if key not in order[:LISTED]), key=lambda key: rank.get(key, len(rank) + 1))
    entries = [
        Entry(rank.get(key), key, short(text_of(key), _EXCERPT), was.get(key), gold.get(key, ""))
        for key in [*order[:LISTED], *further[:LISTED]]
    ]
    best = next((rank[key] for key in order if key in gold), None)
    return Drawing(
        [*query, Ranking(title, entries, before_title if before else "")],
        gold=f"{len(gold)} relevant" + (f", first at rank {best}" if best else ""),
        answer=" ".join(order[:3]),
    )


def known_text(documents: Mapping[str, Any], key: str) -> str:
    """Return title and text of a document, empty for one that is not in the collection."""
    try:
        document = documents[key]
    except KeyError:
        return ""
    return f"{document.title}: {document.text}" if document.title else str(document.text)
