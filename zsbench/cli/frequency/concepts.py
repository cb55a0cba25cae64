"""`zsbench frequency concepts`: the concepts of a retrieval's images, from their captions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli._outputs import file_to_write
from zsbench.cli._screen import say
from zsbench.cli.frequency._options import found as path_of


def concepts(
    task: Annotated[str, typer.Argument(help="A task of image-text retrieval, by name or YAML.")],
    out: Annotated[Path, typer.Option(help="JSON {image id: [concept, ...]} to write.", callback=file_to_write)],
    listed: Annotated[
        Path | None,
        typer.Option("--concepts", help="Only these, as for `frequency count`; without it all nouns, by spaCy."),
    ] = None,
    spacy: Annotated[str | None, typer.Option(help="spaCy's model; default: en_core_web_lg.")] = None,
) -> None:
    """Write which concepts each image of a retrieval has, for `frequency fit --item-concepts`."""
    from zsbench.analysis.frequency import image_concepts
    from zsbench.analysis.frequency.counting.parsed import CAPTION_MODEL
    from zsbench.core import files, outputs
    from zsbench.core.errors import UserError
    from zsbench.core.words import number_of

    if listed is not None and spacy is not None:
        raise UserError("--spacy", "--concepts is looked up by lemma and parses nothing", "one of the two")
    captions = image_concepts.captions_of(task)
    if listed is None:
        found = image_concepts.nouns(captions, spacy or CAPTION_MODEL)
    else:
        found = image_concepts.of_list(captions, path_of(listed))
    outputs.write_answer("--out", out, files.as_json(found))
    distinct = {name for names in found.values() for name in names}
    say(f"{number_of(len(distinct), 'concept')} of {number_of(len(found), 'image')} in {out}", error=True)
