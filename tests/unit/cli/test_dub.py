"""What the command line makes of its options."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.cli.main import cli
from backend.cli.work import Files


@pytest.mark.parametrize("given", ["es", "=talk.srt", "es=missing.srt"])
def test_a_translation_is_a_language_and_a_file(tmp_path, given):
    (tmp_path / "talk.wav").touch()
    command = ["dub", str(tmp_path / "talk.wav"), "--to", "es", "--translation", given]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 2
    assert "--translation" in result.output


def test_a_dub_starts_after_what_is_given():
    path = Path("talk")
    assert Files(path).start == "asr"
    assert Files(path, transcript=path).start == "mt"
    assert Files(path, transcript=path, translations={"es": path}).start == "tts"
