"""What is so odd about a run of any task that its row is marked: too many answers or items count for nothing.

A task has doubts of its own beside these (`Task.doubt`). All of them stand in `notes.warning` of a result, in one line.
"""

from __future__ import annotations

from zsbench.core.records import Cost, TaskData

SHARE = 0.05
"""More than this share of answers that cannot be read, or of items that are lost, is a doubt."""

# Names of `TaskData.counts`: items that no score is over, and items that score 0 without having been tried.
_LEFT_OUT = ("broken ", "empty texts left out", "judged queries without text")
_NOT_TRIED = ("queries without candidates", "queries absent from the run")
EQUAL_BEST = "items with equal best scores (acc counts them as wrong, F1 takes the first class)"
"""Items whose class nothing decides, which metrics read in two ways."""
UNKNOWN = "texts without a word that the model knows"
_UNDECIDED = (EQUAL_BEST, UNKNOWN)


def joined(*doubts: str) -> str:
    """Return doubts in one line, each once."""
    return "; ".join(dict.fromkeys(doubt for doubt in doubts if doubt))


def of_answers(cost: Cost) -> str:
    """Return a doubt about the answers of a model that wrote, or an empty text."""
    asked = max(cost.answers, cost.malformed_outputs)
    malformed = f"{cost.malformed_outputs} of {asked} answers are malformed: what cannot be read of them says nothing"
    cut = f"{cost.prompts_cut} prompts were cut by the endpoint, which read far fewer tokens than they have words"
    return joined(malformed if cost.malformed_outputs > SHARE * asked else "", cut if cost.prompts_cut else "")


def of_items(data: TaskData) -> str:
    """Return a doubt about the items that are not judged, were never tried or are undecided, or an empty text."""
    shares = []
    for name, count in data.counts.items():
        total = len(data.items) + count if name.startswith(_LEFT_OUT) else len(data.items)
        if name.startswith(_LEFT_OUT + _NOT_TRIED + _UNDECIDED) and count > SHARE * total:
            shares.append(f"{name}: {count} of {total}")
    return "; ".join(shares)
