"""Questions over the synonym passages: the query, and as its answer the value in the passage that is about it.

Run: python -m recipes.synonyms_answers --out zsbench/assets
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from recipes.common import write_card

ABOUT_BOTH = 2
"""The grade of the one passage that is about both words of the query; its last word is the value."""


def main(out: Path) -> None:
    """Write questions.jsonl over the passages and the candidates of synonyms."""
    home, folder = out / "data" / "synonyms", out / "data" / "synonyms-answers"
    texts, queries = (
        {row["_id"]: row["text"] for row in map(json.loads, (home / name).read_text(encoding="utf-8").splitlines())}
        for name in ("corpus.jsonl", "queries.jsonl")
    )
    answers: dict[str, list[str]] = {}
    for line in (home / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = line.split()
        if int(grade) == ABOUT_BOTH:
            answers.setdefault(query, []).append(texts[document].split()[-1])
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"id": key, "question": queries[key], "answers": own} for key, own in answers.items()]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "questions.jsonl").write_text(text, encoding="utf-8")
    write_card(
        folder,
        name="synonyms-answers",
        summary="The queries of synonyms as questions; the answer is the value in the passage about both their words.",
        recipe="python -m recipes.synonyms_answers",
        seed=0,
        settings={"questions": len(rows)},
        reached={},
        limits=["Values are drawn from few words, so passages about something else hold the answer too."],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("zsbench/assets"))
    main(parser.parse_args().out)
