"""`zsbench corpus`: make data from a corpus: samples, queries, consistent pairs, negatives, ids, splits."""

from __future__ import annotations

import typer

from zsbench.cli.corpus import negatives, queries, roundtrip, sample, semantic_ids, split_values

app = typer.Typer(
    no_args_is_help=True, help="Make data from a corpus: sample, queries, filter, negatives, ids, splits."
)
app.command("sample")(sample.sample)
app.command("queries")(queries.queries)
app.command("roundtrip")(roundtrip.roundtrip)
app.command("negatives")(negatives.negatives)
app.command("semantic-ids")(semantic_ids.semantic_ids)
app.command("split-values")(split_values.split_values)
