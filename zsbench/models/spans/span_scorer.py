"""Small zero-shot span taggers in zsbench's own format (config.json, vocab.json, model.safetensors)."""

from __future__ import annotations

from collections.abc import Sequence

from zsbench.config.components import model as declare
from zsbench.config.options import ModelRef
from zsbench.core.errors import UserError
from zsbench.core.lazy import FloatArray, torch
from zsbench.core.records import Cost
from zsbench.models import guards, runtime
from zsbench.models.capabilities import SpanExtractor


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

    def span_probabilities(self, sentences: Sequence[Sequence[str]], labels: Sequence[str]) -> list[FloatArray]:
        """Return probabilities (n_words, max_width, n_labels) for each sentence; spans outside it have 0."""
        with torch.inference_mode():
            cut = [list(words[: self.max_words]) for words in sentences]
            logits = self._model.score(cut, list(labels))
        self.cost.forward_passes += 1
        self.cost.tokens += sum(len(words) for words in cut)
        probabilities = logits.float().sigmoid().cpu().numpy()
        return [probabilities[i, : len(words)] for i, words in enumerate(cut)]
