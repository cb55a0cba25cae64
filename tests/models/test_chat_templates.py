"""Chat templates of the user's: files that are none are refused with the config, those that fail with the model."""

import pytest
import transformers

from tests.models import _tiny
from zsbench.config.modified import model_block
from zsbench.core.errors import UserError
from zsbench.core.yamlio import Document


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    words = _tiny.tokenizer(chat=_tiny.CHAT)
    config = transformers.LlamaConfig(**{**_tiny.SHAPE, **_tiny.SPECIAL, "vocab_size": len(words)})
    model = _tiny.randomised(transformers.LlamaForCausalLM(config))
    return _tiny.saved(model, words, tmp_path_factory.mktemp("llama"))


def block(folder, tmp_path, template):
    (tmp_path / "chat.jinja").write_text(template)
    value = {"adapter": "hf-causal-lm", "model": folder, "chat_template": "chat.jinja"}
    return model_block(value, Document(tmp_path / "m.yaml", value), ())


@pytest.mark.parametrize("template", ["ok\n{% if %}", "{{ 'x }}", "{% endfor %}", "{{ x", "", "  \n"])
def test_a_file_that_is_no_template_is_refused_before_anything_is_loaded(template, tmp_path):
    with pytest.raises(UserError, match=r"chat\.jinja"):
        block("no-such-model", tmp_path, template)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{% for i in range(10 ** 9) %}{% endfor %}", "OverflowError"),
        ("{{ messages.nothing.deeper }}", "nothing"),
        ("{{ raise_exception('not\n you') }}", "not you"),
        ("{{ messages[0]['content'] | no_such_filter }}", "no_such_filter"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
    ],
)
def test_a_template_that_fails_is_one_sentence_with_the_file(template, said, folder, tmp_path):
    with pytest.raises(UserError, match=said) as failure:
        block(folder, tmp_path, template).build()
    assert "chat.jinja" in failure.value.where
    assert "\n" not in str(failure.value)


def test_memory_that_a_template_asks_for_in_vain_is_an_error_too(folder, tmp_path, monkeypatch):
    model = block(folder, tmp_path, "{{ messages[0]['content'] }}").build()

    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(model._tokenizer, "apply_chat_template", full)
    with pytest.raises(UserError, match="MemoryError"):
        model.chat([{"role": "user", "content": "x"}])


def test_tags_of_transformers_are_known(folder, tmp_path):
    text = "{% for m in messages %}{%- generation -%}{{ m['content'] }}{% endgeneration %}{% break %}{% endfor %}"
    model = block(folder, tmp_path, text).build()
    assert model.converses
    assert model.chat([{"role": "user", "content": "hi"}]) == "hi"


@pytest.mark.parametrize("name", ["tokenize", "add_generation_prompt", "messages"])
def test_options_that_are_no_variables_of_templates_are_refused_with_the_config(name, tmp_path):
    value = {"adapter": "hf-causal-lm", "model": "no-such-model", "chat_options": {name: True}}
    with pytest.raises(UserError, match=f"'{name}', which is no variable"):
        model_block(value, Document(tmp_path / "m.yaml", value), ())


def test_an_option_that_the_template_does_not_read_is_refused(folder, tmp_path):
    value = {"adapter": "hf-causal-lm", "model": folder, "chat_options": {"enable_thinkin": False}}
    with pytest.raises(UserError, match="'enable_thinkin', and the chat template does not read it"):
        model_block(value, Document(tmp_path / "m.yaml", value), ()).build()
    (tmp_path / "chat.jinja").write_text("{{ messages[0]['content'] }}{% if enable_thinkin %}!{% endif %}")
    value |= {"chat_template": "chat.jinja", "chat_options": {"enable_thinkin": True}}
    model = model_block(value, Document(tmp_path / "m.yaml", value), ()).build()
    assert model.chat([{"role": "user", "content": "hi"}]) == "hi!"
