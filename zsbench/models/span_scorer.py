"""Small zero-shot span taggers in zsbench's own format (config.json, vocab.json, model.safetensors)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from zsbench.components import model as declare
from zsbench.config import ModelRef
from zsbench.errors import UserError
from zsbench.lazy import lazy
from zsbench.models import _common, _pretrained
from zsbench.models.capabilities import SpanExtractor
from zsbench.records import Cost

if TYPE_CHECKING:
    import torch

    from zsbench.models.capabilities import FloatArray
else:
    torch = lazy("torch")


@declare(offers=(SpanExtractor,), files=_common.folder_files)
def span_scorer(*, model: ModelRef) -> SpanTagger:
    """Load a span scorer.

    Parameters
    ----------
    model : folder with config.json, vocab.json and model.safetensors.
    """
    return SpanTagger(model)


class SpanTagger(_common.Network):
    """A `SpanExtractor` over `nets.span_scorer.SpanScorer`."""

    def __init__(self, reference: str) -> None:
        from zsbench.models.nets.span_scorer import SpanScorer

        self.device, self.dtype = _common.runtime_device(), "float32"
        self.cost = Cost()
        folder = _common.local_folder(reference)
        if folder is None:
            raise UserError(reference, "no such model folder", "a folder in the span-scorer format")
        with _pretrained.opening(str(folder), "span-scorer"):
            self._model = SpanScorer.from_folder(folder).to(self.device).eval()
        self.max_words, self.max_width = self._model.max_words, self._model.max_width
        self.fingerprint = _common.fingerprint(["span-scorer"], _common.folder_files({"model": str(folder)}))

    def span_probabilities(self, sentences: Sequence[Sequence[str]], labels: Sequence[str]) -> list[FloatArray]:
        """Return probabilities (n_words, max_width, n_labels) for each sentence; spans outside it have 0."""
        with torch.inference_mode():
            cut = [list(words[: self.max_words]) for words in sentences]
            logits = self._model.score(cut, list(labels))
        self.cost.forward_passes += 1
        self.cost.tokens += sum(len(words) for words in cut)
        table = logits.float().sigmoid().cpu().numpy()
        return [table[i, : len(words)] for i, words in enumerate(cut)]
