"""Small zero-shot span taggers in zsbench's own format (config.json, vocab.json, model.safetensors)."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.config.components import model as declare
from zsbench.config.options import ModelRef
from zsbench.core.errors import UserError
from zsbench.core.lazy import torch
from zsbench.core.records import Cost
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.models import guards, runtime
from zsbench.models.capabilities import SpanExtractor
from zsbench.models.spans.candidates import above


@declare(offers=(SpanExtractor,), files=runtime.folder_files)
def span_scorer(*, model: ModelRef) -> SpanTagger:
    """Load a span scorer.

    Parameters
    ----------
    model : folder with config.json, vocab.json and model.safetensors.
    """
    return SpanTagger(model)


class SpanTagger(runtime.Network):
    """A `SpanExtractor` over `_network.SpanScorer`."""

    answers = ""

    def __init__(self, reference: str) -> None:
        from zsbench.models.spans._network import SpanScorer

        self.device, self.dtype = runtime.runtime_device(), "float32"
        self.cost = Cost()
        folder = runtime.local_folder(reference)
        if folder is None:
            raise UserError(reference, "no such model folder", "a folder in the span-scorer format")
        with guards.opening(str(folder), "span-scorer"):
            self._model = SpanScorer.from_folder(folder).to(self.device).eval()
        self.max_words, self.max_width = self._model.max_words, self._model.max_width
        self.fingerprint = runtime.fingerprint(["span-scorer"], runtime.folder_files({"model": str(folder)}))

    def span_candidates(
        self, sentences: Sequence[Sentence], labels: Sequence[str], *, threshold: float
    ) -> list[list[Mention]]:
        """Return every span of up to `max_width` words whose probability exceeds the threshold."""
        rows = [list(sentence.words) for sentence in sentences]
        with torch.inference_mode():
            logits = self._model.score(rows, list(labels))
        self.cost.forward_passes += 1
        self.cost.tokens += sum(map(len, rows))
        tables = logits.float().sigmoid().cpu().numpy()
        return [above(table[: len(row)], labels, threshold) for table, row in zip(tables, rows, strict=True)]
