"""What the command line makes of its options."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.cli import submit
from backend.cli.command_line import cli
from backend.cli.submit import JobFiles, choose_artifacts, format_costs, format_summary


@pytest.mark.parametrize("given", ["es", "=talk.srt", "es=missing.srt"])
def test_a_translation_is_a_language_and_a_file(tmp_path, given):
    (tmp_path / "talk.wav").touch()
    command = ["dub", str(tmp_path / "talk.wav"), "--to", "es", "--translation", given]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 2
    assert "--translation" in result.output


def test_a_wrong_glossary_is_told_before_anything_is_sent(tmp_path):
    (tmp_path / "talk.wav").touch()
    (tmp_path / "terms.csv").write_text("term,language\nbattery,klingonish\n")
    command = ["dub", str(tmp_path / "talk.wav"), "--to", "es"]
    result = CliRunner().invoke(cli, [*command, "--glossary", str(tmp_path / "terms.csv")])
    assert result.exit_code == 2
    assert "'klingonish' is no language tag" in result.output


@pytest.mark.parametrize(
    "wrong", [["--to", "klingonish"], ["--to", ","], ["--to", "es", "--from", "klingonish"]]
)
def test_a_wrong_language_is_wrong_usage(tmp_path, wrong):
    (tmp_path / "talk.wav").touch()
    result = CliRunner().invoke(cli, ["dub", str(tmp_path / "talk.wav"), *wrong])
    assert result.exit_code == 2
    assert wrong[-2] in result.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_a_shell(shell):
    assert "_DUBLINE_COMPLETE" in CliRunner().invoke(cli, ["completion", shell]).output


def test_a_dub_starts_after_what_is_given():
    path = Path("talk")
    assert JobFiles(path).start == "asr"
    assert JobFiles(path, transcript=path).start == "mt"
    assert JobFiles(path, transcript=path, translations={"es": path}).start == "tts"


@pytest.mark.parametrize(
    ("charset", "told"), [("windows-1252", "talk.srt is read as windows-1252"), ("utf-8", "")]
)
def test_an_encoding_that_had_to_be_found_out_is_told(charset, told):
    class Taking:
        def upload(self, _path, role):
            return {"id": role, "mime": f"text/plain; charset={charset}"}

    with submit.console.capture() as output:
        sent = submit._send_files(Taking(), JobFiles(Path("talk.wav"), transcript=Path("talk.srt")))
    assert sent["transcriptId"] == "transcript"
    assert output.get().strip().startswith(told)
    assert bool(output.get().strip()) is bool(told)


SUMS = {
    "lines": 43,
    "overlap": 0.931,
    "maxRate": 1.184,
    "collisions": 0,
    "cuts": 0,
    "loudness": -16.02,
}
NOTHING = {"lines": 0, "overlap": None, "maxRate": None, "loudness": None}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "43 lines, overlap 93%, fastest 1.18x, 0 over each other, 0 cut, -16.0 LUFS"),
        (NOTHING, "0 lines, 0 over each other, 0 cut"),
    ],
)
def test_a_report_is_summed_up_in_a_line(changed, told):
    line = format_summary({"language": "es", "report": SUMS | changed})
    assert line == f"es: {told}; see es/report.html"


def test_a_language_without_a_dub_has_nothing_to_sum_up():
    assert format_summary({"language": "es", "report": None}) == ""


@pytest.mark.parametrize(
    ("spent", "saved", "told"),
    [
        (0.0, 0.0, ""),
        (0.5, 0.0, "Cost: 0.5000 USD"),
        (0.5, 1.0, "Cost: 0.5000 USD, and 1.0000 saved by reuse"),
    ],
)
def test_what_is_to_be_paid_is_told(spent, saved, told):
    assert format_costs({"usd": spent, "savedUsd": saved}) == told


def test_what_users_have_no_use_for_is_not_fetched():
    made = {
        "asr": ["segments_src"],
        "mt": ["segments"],
        "tts": ["speech"],
        "mix": ["audio", "mix_index", "hls_audio", "manifest"],
    }
    artifacts = [{"stage": stage, "kind": kind} for stage, kinds in made.items() for kind in kinds]
    found = choose_artifacts({"kind": "dub", "artifacts": artifacts})
    assert [one["kind"] for one in found] == ["segments", "audio", "manifest"]
    found = choose_artifacts({"kind": "transcribe", "artifacts": artifacts[:1]})
    assert [one["kind"] for one in found] == ["segments_src"]
