"""`zsbench frequency relevance`: which captions with a concept's name are about it, as a language model says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbench.cli._models import load_model
from zsbench.cli._outputs import file_to_write, folder_to_fill
from zsbench.cli._screen import say
from zsbench.cli.frequency._options import found

if TYPE_CHECKING:
    from zsbench.analysis.frequency.relevance import Question
    from zsbench.data.synonym_counts import SynonymCounts


def relevance(
    counts: Annotated[Path, typer.Argument(help="Counts of synonyms, as count --synonym-counts writes them.")],
    answers: Annotated[
        Path,
        typer.Option(help="Folder of the model's answers: read, and filled with --model.", callback=folder_to_fill),
    ],
    out: Annotated[
        Path,
        typer.Option(help="The counts with `relevant_total`, to write, for `frequency:`.", callback=file_to_write),
    ],
    captions: Annotated[
        list[Path] | None, typer.Option(help="With --model: files of captions or folders, those counted. Repeatable.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A language model that is asked: a name, a YAML file, or ADAPTER:MODEL.")
    ] = None,
    question: Annotated[
        str, typer.Option(help="A data set's name, or a text with {caption}, {name} and perhaps {definition}.")
    ] = "imagenet",
    definitions: Annotated[
        Path | None, typer.Option(help="JSON {concept: what it is}, for a question with {definition}.")
    ] = None,
    column: Annotated[str | None, typer.Option(help="Column of captions. Default: caption, text.")] = None,
    enough: Annotated[int, typer.Option(min=1, help="Answers a concept, if --yes of them are yes.")] = 1000,
    yes: Annotated[int, typer.Option(min=0, help="Answers that are yes.")] = 200,
    most: Annotated[int, typer.Option(min=1, max=1_000_000, help="Captions asked about a concept at most.")] = 10_000,
    temperature: Annotated[float, typer.Option(min=0, max=100, help="Of the answers; 0 is greedy.")] = 0.6,
    top_p: Annotated[float, typer.Option(min=0.01, max=1, help="Tokens of this share are drawn among.")] = 0.9,
    seed: Annotated[int, typer.Option(min=0, help="Of the captions and answers drawn.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N, mps.")] = "auto",
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask any hub.")] = False,
) -> None:
    """Write how many captions are about each concept; with --model ask first, from where an earlier call stopped."""
    from zsbench.analysis.frequency import answers as kept
    from zsbench.analysis.frequency import relevance as rule
    from zsbench.core import files, outputs
    from zsbench.core import offline as network
    from zsbench.core.errors import UserError
    from zsbench.core.records import canonical_json, digest
    from zsbench.core.words import number_of
    from zsbench.data.synonym_counts import read_synonym_counts, require_counts_alone, with_relevance
    from zsbench.models.capabilities import TextGenerator

    if offline:
        network.go_offline()
    if (model is None) != (not captions):
        raise UserError("--model", "one of --model and --captions", "both to ask, neither to read answers")
    counts = found(counts)
    counted = read_synonym_counts(counts)
    require_counts_alone(out, counts)
    concepts = [one.name for one in counted.values()]
    if model is None:
        folder = kept.Folder(answers, None)
    else:
        text = rule.question_text(question)
        known = rule.read_definitions(definitions and found(definitions), text, concepts)
        asking = rule.Question(text, known, enough, yes, most, temperature, top_p, seed)
        further = digest(
            [canonical_json([[one.name, one.alternates, known.get(one.name)] for one in counted.values()])]
        )
        stated = {"model": model, "question": text, "answers": enough, "yes": yes, "most": most, "seed": seed}
        stated |= {"temperature": temperature, "top_p": top_p}
        of_concepts = _drawn(counted, asking, list(map(found, captions or ())), counts, column=column, seed=seed)
        generator = load_model(model, TextGenerator, device, "float32")
        folder = kept.Folder(answers, {**stated, "concepts": further})
        kept.collected(folder, of_concepts, lambda name, texts: rule.asked(generator, asking, name, texts))
    shares = dict(zip(counted, kept.relevances(folder, concepts), strict=True))
    relevant = with_relevance(counts, shares)
    outputs.write_answer("--out", out, files.as_json(relevant))
    total, about = (sum(entry[key] for entry in relevant.values()) for key in ("actual_freq", "relevant_total"))
    captions_of = f"{number_of(total, 'caption', grouped=True)} of {number_of(len(relevant), 'concept')}"
    say(f"{about:,} of {captions_of} about {'it' if len(relevant) == 1 else 'them'}; in {out}", error=True)


def _drawn(
    counted: dict[str, SynonymCounts],
    asking: Question,
    captions: list[Path],
    counts: Path,
    *,
    column: str | None,
    seed: int,
) -> list[tuple[str, Any]]:
    """Return the name of every concept with the captions that it is asked about.

    Raises
    ------
    UserError
        A concept that the counts hold is in none of the captions; or they cannot be read.
    """
    from zsbench.analysis.frequency import credited
    from zsbench.analysis.frequency import relevance as rule
    from zsbench.analysis.frequency.counting.captions import Columns, shards_of
    from zsbench.cli.frequency._progress import progress
    from zsbench.core.errors import UserError

    shards = shards_of(captions)
    names = {key: one.alternates for key, one in counted.items()}
    with progress(None) as told:
        of_concepts = credited.drawn(
            shards, Columns(column), names, most=asking.most + 2 * rule.BATCH, seed=seed, where=str(counts), told=told
        )
    lost = [one.name for key, one in counted.items() if one.total and not of_concepts[key]]
    if lost:
        lacking = f"no caption of '{lost[0]}'" + (f" and {len(lost) - 1} more" if lost[1:] else "")
        raise UserError("--captions", lacking, f"the captions that {counts} counts, by the search `fts`")
    return [(counted[key].name, of_concept) for key, of_concept in of_concepts.items()]
