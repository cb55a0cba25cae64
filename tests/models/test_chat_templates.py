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


# Llama 3.2's way, and that of templates which leave no choice.
ASKS = "{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}{{ date_string }}"
ALWAYS = "{% set day = strftime_now('%Y') %}{% if messages[0]['role'] != 'system' %}{{ day }}{% endif %}"


@pytest.mark.parametrize(("template", "way"), [(ASKS, "chat_options: {date_string"), (ALWAYS, "chat_template:")])
def test_a_template_that_writes_todays_date_is_refused_with_what_fixes_it(template, way, folder, tmp_path):
    with pytest.raises(UserError, match="writes today's date") as failure:
        block(folder, tmp_path, template + "{{ messages[0]['content'] }}").build()
    assert way in str(failure.value)
    # A template of the checkpoint's own is met when the first prompt is written.
    model = block(folder, tmp_path, "{{ messages[0]['content'] }}").build()
    model._tokenizer.chat_template = template
    for messages in (
        [{"role": "user", "content": "x"}],
        [{"role": "system", "content": "s"}, {"role": "user", "content": "x"}],
    ):
        with pytest.raises(UserError, match="writes today's date"):
            model.chat(messages)


def test_a_date_that_is_given_stands_above_the_templates_clock(folder, tmp_path):
    (tmp_path / "chat.jinja").write_text(ASKS)
    value = {"adapter": "hf-causal-lm", "model": folder, "chat_template": "chat.jinja"}
    value["chat_options"] = {"date_string": "26 Jul 2024"}
    model = model_block(value, Document(tmp_path / "m.yaml", value), ()).build()
    assert model.chat([{"role": "user", "content": "x"}]) == "26 Jul 2024"
