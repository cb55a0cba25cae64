"""`zsbench frequency`: how often concepts stand in captions, and how performance follows it."""

from __future__ import annotations

import typer

from zsbench.cli.frequency import concepts, corpora, count, fit, lines, relevance

app = typer.Typer(no_args_is_help=True, help="Count concepts in captions, and set performance against the counts.")
app.command("count")(count.count)
app.command("concepts")(concepts.concepts)
app.command("fit")(fit.fit)
app.command("corpora")(corpora.corpora)
app.command("lines")(lines.lines)
app.command("relevance")(relevance.relevance)
