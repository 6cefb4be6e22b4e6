"""What holds for every provider, asked of live vendors (`make test-live`): a few cents at most."""

import subprocess
import time

import pytest

from backend.errors import Pending
from tests.contract.vendors.test_transcribers import Line
from tests.provider_checks import check_synthesizer, check_transcript, check_translator
from workers.interfaces.providers import JobTranscriber, Recording
from workers.media.decode import decode_blocks, write_wav
from workers.providers.vendors import VENDORS

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

SAID = "Buenos días. ¿Qué tal? Muy bien. Adiós."
RATE, SECONDS = 16_000, 6.0


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Six seconds, spoken by a machine that every vendor understands."""
    folder = tmp_path_factory.mktemp("said")
    spoken, wav = folder / "spoken.wav", folder / "speech.wav"
    subprocess.run(["espeak-ng", "-v", "es", "-s", "110", "-w", str(spoken), SAID], check=True)
    write_wav(decode_blocks(spoken, RATE, 1), wav, RATE, SECONDS, lambda _: None)
    return Recording(wav, SECONDS)


def listen(transcriber, recording: Recording, language: str):
    """The answer, also of a vendor who takes a while."""
    line = Line()
    while True:
        try:
            if isinstance(transcriber, JobTranscriber) and transcriber.has_job(line):
                return transcriber.fetch(language, call=line)
            return transcriber.transcribe(recording, language, diarize=True, call=line)
        except Pending as pending:
            time.sleep(pending.wait)


@pytest.mark.parametrize("language", ["es", "auto"])
@pytest.mark.parametrize("name", VENDORS)
def test_transcriber(name, language, find, recording, spend):
    if (name, language) == ("assemblyai", "auto"):
        pytest.skip("assemblyai asks for 15 s of speech to detect a language")
    transcriber = find("transcriber", name)
    heard = listen(transcriber, recording, language)
    spend(transcriber, f"{SECONDS:g} s heard as {heard.language}", heard.cost)
    check_transcript(heard, recording)
    assert heard.language.split("-")[0] == "es"
    assert "buenos" in " ".join(one.text for one in heard.segments).lower()
    assert heard.cost.usd > 0


@pytest.mark.parametrize("name", VENDORS)
def test_synthesizer(name, find, spend):
    synthesizer = find("synthesizer", name)
    for spoken in check_synthesizer(synthesizer, "es", "Hola a todos.", Line()):
        spend(synthesizer, "a line spoken", spoken.cost)
        assert spoken.cost.usd > 0


def test_translator(find, spend):
    translator = find("translator", "openai")
    answer = check_translator(translator, "es", Line())
    spend(translator, "three lines translated", answer.cost)
    assert answer.cost.usd > 0
