"""docs/endpoints.md: every YAML is one that loads, and every command runs as it is written."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from tests.command import call
from tests.models.endpoint_server import answer, serving
from zsbench.config.modified import model_block
from zsbench.core.yamlio import Document

PAGE = (Path(__file__).parents[2] / "docs" / "endpoints.md").read_text(encoding="utf-8")
MODELS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^    zsbench (.*)$", PAGE, re.MULTILINE)


def test_the_page_has_a_model_for_every_server_and_commands():
    servers = re.findall(r"^\*\*(.*?)\.\*\*", PAGE, re.MULTILINE)
    assert len(servers) == 9
    assert len(MODELS) >= len(servers)
    assert len(COMMANDS) == 4


@pytest.mark.parametrize("text", MODELS)
def test_models_to_copy_load(text):
    value = yaml.safe_load(text)
    assert model_block(value, Document(Path("model.yaml"), value), ()).name == "openai-compatible"


def scored(_number, body):
    ordered = "[1]" in body["messages"][-1]["content"] or len(body["messages"]) > 2
    told = [{"token": token, "logprob": value} for token, value in (("Yes", -0.1), ("No", -2.5))]
    return answer("[2] > [1]" if ordered else "Passage A", logprobs={"content": [{**told[0], "top_logprobs": told}]})


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run_as_written(command, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    plain = {"adapter": "openai-compatible", "model": "m", "base_url": "http://127.0.0.1:8000/v1"}
    Path("vllm.yaml").write_text(yaml.safe_dump(plain))
    Path("vllm-logprobs.yaml").write_text(yaml.safe_dump({**plain, "logprobs": True}))
    with serving(scored) as server:
        row = [*shlex.split(command), "--set", f"model.base_url={server.url}"]
        code, screen = call(*row, "--limit", "1", "--offline", "-q", "--out", tmp_path / "out")
        assert code == 0, screen.err
        assert server.seen
