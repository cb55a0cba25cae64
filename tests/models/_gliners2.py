"""Tiny GLiNER2 checkpoints with random weights, as the package saves them: one of each architecture."""

import torch

from tests.models import _tiny

ARCHITECTURES = {"span": {"max_width": 3}, "boundary": {}}


def saved(folder, architecture, *, positions=256, **more):
    """Write a checkpoint and return its folder's name; `more` goes into its config."""
    import gliner2
    import transformers

    words = _tiny.tokenizer(bos=False)
    words.unk_token = "<pad>"
    shape = {**_tiny.SHAPE, "max_position_embeddings": positions}
    config = gliner2.ExtractorConfig(
        model_name="tiny", architecture=architecture, **ARCHITECTURES[architecture], **more
    )
    torch.manual_seed(0)
    model = gliner2.AutoExtractor.from_config(
        config, encoder_config=transformers.BertConfig(vocab_size=len(words), **shape), tokenizer=words
    )
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(0, 0.12)
    model.save_pretrained(folder / "model")
    return str(folder / "model")
