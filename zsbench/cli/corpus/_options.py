"""Arguments and options that several corpus commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zsbench.cli._outputs import file_to_write

Corpus = Annotated[Path, typer.Argument(help="JSONL, {_id, text, title}, {docid, doctext} or {item, text}.")]
Out = Annotated[Path, typer.Option(help="JSONL file to write.", callback=file_to_write)]
Encoder = Annotated[str, typer.Option(help="A text encoder: a name, a YAML file, or ADAPTER:MODEL.")]
Seed = Annotated[int, typer.Option(help="Seed of everything drawn.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N, mps.")]
Dtype = Annotated[str, typer.Option(help="float32, float16 or bfloat16.")]
