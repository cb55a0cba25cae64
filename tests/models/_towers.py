"""Small untrained two-tower models, written to folders in the layouts that users have."""

import json

import numpy as np
import torch
from PIL import Image

TEXTS = [
    "a photo of a cat",
    "a photo of a dog",
    "a photo of a big red dog in the park",
    "a drawing of a cat",
    "cat",
    "",
    "a photo of a cat",
    "an image of " + "a very " * 40 + "long text",
]

VISION = {"image_size": 32, "layers": 2, "width": 32, "patch_size": 16, "head_width": 16}
TEXT = {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 3}

# name -> (configuration beside the two towers, the text tower's own keys)
OPEN_CLIP = {
    "clip": ({}, {}),
    "custom_text": ({"custom_text": True}, {}),
    "quick_gelu": ({"quick_gelu": True}, {}),
    "layer_scale": ({}, {"ls_init_value": 0.1, "proj_bias": True}),
    "eos": ({"custom_text": True}, {"pool_type": "eos", "eos_id": 49407}),
    "siglip": ({"custom_text": True, "init_logit_bias": -10}, {"pool_type": "last", "no_causal_mask": True}),
    "two_way": ({"custom_text": True}, {"no_causal_mask": True}),
    "other_blocks": ({"custom_text": True}, {"qk_norm": True}),
    "coca": (
        {
            "custom_text": True,
            "multimodal_cfg": {"context_length": 23, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
        },
        {"context_length": 23, "embed_cls": True, "output_tokens": True},
    ),
}


def open_clip_folder(path, name, seed=0):
    """Write an untrained open_clip model as a local-dir folder and return the folder."""
    import open_clip

    beside, own = OPEN_CLIP[name]
    vision = {**VISION, **({"attentional_pool": True, "output_tokens": True} if name == "coca" else {})}
    config = {"embed_dim": 16, "vision_cfg": vision, "text_cfg": {**TEXT, **own}, **beside}
    torch.manual_seed(seed)
    kind = open_clip.CoCa if name == "coca" else open_clip.CustomTextCLIP if "custom_text" in beside else open_clip.CLIP
    model = kind(**{key: value for key, value in config.items() if key != "custom_text"})
    _save_open_clip(path, model, config)
    return path


def bert_clip_folder(path, seed=0):
    """Write an untrained open_clip model whose text tower is a BERT of transformers, and return the folder."""
    import open_clip
    import transformers

    words = sorted({word for text in TEXTS for word in text.split()})
    tokenizer = _word_tokenizer(["[PAD]", "[CLS]", "[SEP]", "[UNK]", *words], first="[CLS]", last="[SEP]")
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    transformers.BertConfig(**tower, vocab_size=len(tokenizer), max_position_embeddings=16).save_pretrained(
        path / "bert"
    )
    text = {"hf_model_name": str(path / "bert"), "hf_model_pretrained": False, "hf_tokenizer_name": "words"}
    text |= {"hf_proj_type": "linear", "hf_pooler_type": "mean_pooler", "context_length": 16}
    torch.manual_seed(seed)
    model = open_clip.CustomTextCLIP(embed_dim=16, vision_cfg=VISION, text_cfg=text)
    _save_open_clip(path, model, {"embed_dim": 16, "custom_text": True, "vision_cfg": VISION, "text_cfg": text})
    tokenizer.save_pretrained(path)
    return path


def _save_open_clip(path, model, config):
    """Write weights that are all different (untrained biases and gains would hide a path that forgets them)."""
    from safetensors.torch import save_file

    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
        model.logit_scale.fill_(3.0)
    path.mkdir(parents=True, exist_ok=True)
    save_file(
        {key: value.clone().contiguous() for key, value in model.state_dict().items()},
        path / "open_clip_model.safetensors",
    )
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "shortest"}
    (path / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}))


def images(n, seed=0):
    """Return `n` random RGB images of different sizes."""
    generator = np.random.default_rng(seed)
    sizes = generator.integers(33, 60, size=(n, 2))
    return [Image.fromarray(generator.integers(0, 256, (h, w, 3), dtype=np.uint8)) for h, w in sizes]


def hf_folder(path, kind, seed=0):
    """Write an untrained transformers model (`siglip`, `siglip2`, `align`) as a folder and return the folder."""
    import transformers as tf

    words = sorted({word for text in TEXTS for word in text.split()})
    marks = {"siglip": ["<pad>", "</s>"], "siglip2": ["<pad>", "</s>"], "align": ["[PAD]", "[CLS]", "[SEP]"]}[kind]
    tokenizer = _word_tokenizer([*marks, "[UNK]", *words], first=marks[1] if kind == "align" else "", last=marks[-1])
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**tower, "vocab_size": len(tokenizer), "max_position_embeddings": 16, "pad_token_id": 0}
    torch.manual_seed(seed)
    if kind == "align":
        net = {"in_channels": [32], "out_channels": [16], "kernel_sizes": [3], "strides": [1], "num_block_repeats": [1]}
        vision = {**net, "image_size": 32, "expand_ratios": [1], "depthwise_padding": [], "hidden_dim": 32}
        config = tf.AlignConfig(text_config=text, vision_config=vision, projection_dim=32, temperature_init_value=0.5)
        model, image_processor = tf.AlignModel(config), tf.EfficientNetImageProcessor(size={"height": 32, "width": 32})
        processor = tf.AlignProcessor(image_processor, tokenizer)
    elif kind == "siglip":
        config = tf.SiglipConfig(
            text_config={**text, "projection_size": 32}, vision_config={**tower, "image_size": 32, "patch_size": 16}
        )
        model, image_processor = tf.SiglipModel(config), tf.SiglipImageProcessor(size={"height": 32, "width": 32})
        processor = tf.SiglipProcessor(image_processor, tokenizer)
    else:
        config = tf.Siglip2Config(
            text_config={**text, "projection_size": 32}, vision_config={**tower, "num_patches": 16, "patch_size": 8}
        )
        model, image_processor = tf.Siglip2Model(config), tf.Siglip2ImageProcessor(patch_size=8, max_num_patches=16)
        processor = tf.Siglip2Processor(image_processor, tokenizer)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    model.save_pretrained(path)
    processor.save_pretrained(path)
    return path


def blip_folder(path, words, seed=0):
    """Write an untrained BLIP retrieval model whose tokenizer knows `words`, and return the folder."""
    import transformers

    marks = ["[PAD]", "[CLS]", "[SEP]", "[ENC]", "[UNK]"]
    tokenizer = _word_tokenizer([*marks, *words], first="[CLS]", last="[SEP]")
    tokenizer.model_max_length = 40
    tower = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**tower, "vocab_size": len(tokenizer), "encoder_hidden_size": 32, "max_position_embeddings": 40}
    text |= {"pad_token_id": 0, "bos_token_id": 1, "sep_token_id": 2, "eos_token_id": 2}
    config = transformers.BlipConfig(
        text_config=text, vision_config={**tower, "image_size": 32, "patch_size": 16}, image_text_hidden_size=16
    )
    torch.manual_seed(seed)
    model = transformers.BlipForImageTextRetrieval(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    transformers.BlipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(path)
    return path


def xclip_folder(path, tokenizer_folder, seed=0):
    """Write an untrained X-CLIP model with the tokenizer of another folder, and return the folder."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(tokenizer_folder)
    tokenizer.pad_token = tokenizer.eos_token
    text = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
    vision = text | {"image_size": 16, "patch_size": 8, "num_frames": 4, "mit_hidden_size": 16}
    vision |= {"mit_intermediate_size": 24, "mit_num_hidden_layers": 1, "mit_num_attention_heads": 2}
    text |= {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id, "max_position_embeddings": 77}
    config = transformers.XCLIPConfig(
        text_config=text, vision_config=vision, projection_dim=16, prompt_layers=1, prompt_num_attention_heads=2
    )
    torch.manual_seed(seed)
    transformers.XCLIPModel(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    transformers.VideoMAEImageProcessor(
        size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16}
    ).save_pretrained(path)
    return path


def _word_tokenizer(vocabulary, *, first, last):
    """Return a tokenizer of whole words whose rows end with `last` and, where there is one, begin with `first`."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    ids = {word: i for i, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    marks = [(mark, ids[mark]) for mark in (first, last) if mark]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{first} $A {last}".strip(), special_tokens=marks)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token=vocabulary[0], eos_token=last, model_max_length=16
    )
