"""Labels on the command line and in suites: those that no folder could be named by are refused as labels."""

import pytest

from tests.command import call


@pytest.mark.parametrize("label", ["a b", "a%", "a+b", "-1", "..", "_", ""])
def test_a_label_that_names_no_folder_is_refused_as_a_label(label, tmp_path):
    code, screen = call("eval", "digits", "--model", f"{label}=clip-glyphs", "--offline", "--out", tmp_path)
    assert code == 2
    assert f"--model: label '{label}'; expected LABEL=NAME" in screen.err


def test_a_suites_label_has_a_letter_or_a_digit(tmp_path):
    suite = tmp_path / "s.yaml"
    suite.write_text(
        "runs: [{tasks: [digits], models: [{use: clip-glyphs, label: '..'}], methods: [prompt-ensemble]}]\n"
    )
    code, screen = call("eval", suite, "--offline", "--out", tmp_path / "out")
    assert code == 2
    assert "a text with a letter or a digit" in screen.err
