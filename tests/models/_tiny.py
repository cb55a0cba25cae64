"""Tiny models with random weights and a byte-level tokenizer, saved as a user would find them."""

import torch

CHAT = (
    "{% for m in messages %}{% if m['role'] == 'system' and not loop.first %}{{ raise_exception('x') }}{% endif %}"
    "<s><{{ m['role'] }}>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)
SHAPE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 256,
}
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}


def tokenizer(*, bos=True, chat=None, words=()):
    """Return a byte-level tokenizer; `words` are further whole tokens."""
    import transformers
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    names = ["<pad>", "<s>", "</s>", *alphabet]
    raw = Tokenizer(models.BPE({name: i for i, name in enumerate(names)}, []))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens(["<pad>", "<s>", "</s>"])
    raw.add_tokens([AddedToken(word, normalized=False) for word in words])
    if bos:
        raw.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A </s> $B", special_tokens=[("<s>", 1), ("</s>", 2)]
        )
    found = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", bos_token="<s>", eos_token="</s>", model_max_length=256
    )
    found.chat_template = chat
    return found


def randomised(model, scale=0.3):
    """Return the model with weights large enough that every token matters."""
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(0, scale)
    return model.eval()


def saved(model, words, folder):
    """Save model and tokenizer and return the folder's name."""
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return str(folder)
