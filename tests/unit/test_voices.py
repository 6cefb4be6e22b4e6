"""Voices on the command line: listing them, naming them."""

import pytest
from click.testing import CliRunner

from backend.cli.command_line import cli
from workers import voices


def test_voices_are_listed_with_their_pitch(capsys, monkeypatch):
    monkeypatch.setenv("TTS_BACKEND", "stub")
    assert voices.main("pt_br") == 0
    rows = [line.split()[1::2][:2] for line in capsys.readouterr().out.splitlines() if "│" in line]
    assert ["soprano", "high"] in rows


@pytest.mark.parametrize(
    ("language", "reason"), [("tlh", "no voice for Klingon"), ("??", "no language tag")]
)
def test_without_any_voice_the_reason_is_told(capsys, monkeypatch, language, reason):
    monkeypatch.setenv("TTS_BACKEND", "local")
    assert voices.main(language) == 1
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("given", ["B", "=f2", "B="])
def test_a_voice_needs_its_speaker(tmp_path, given):
    media = tmp_path / "talk.txt"
    media.write_text("Hello.")
    done = CliRunner().invoke(cli, ["dub", str(media), "--to", "es", "--voice", given])
    assert done.exit_code == 2
    assert "write it as in B=f2" in done.output
