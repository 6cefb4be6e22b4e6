"""The report of a dub that the mix stage made, against what its files and documents say."""

import json

import numpy as np
import pytest

from backend.documents.speech import Speech
from backend.documents.transcripts import Translation
from backend.pipeline.stages import Provenance, Stage
from tests.media_samples import tone, write
from tests.mix_scene import LINES, RATE, Scene, paths


@pytest.fixture
def scene(tmp_path) -> Scene:
    found = Scene(tmp_path)
    louder = tone(4.0) * np.linspace(0.1, 0.5, 4 * RATE, dtype=np.float32)[:, None]
    found.store("media", write(tmp_path / "in.wav", louder), filename="talk.wav")
    found.say(LINES, 4.0)
    return found


def read_report(outcome) -> dict:
    return json.loads(paths(outcome)["report"].read_text())


def test_it_tells_what_the_files_say(scene):
    outcome = scene.run()
    report, manifest = read_report(outcome), json.loads(paths(outcome)["manifest"].read_text())
    sums, measured = report["sums"], manifest["loudness"]
    assert (sums["lines"], sums["leftOut"], sums["collisions"], sums["cuts"]) == (2, 0, 0, 0)
    assert (sums["overlap"], sums["maxRate"], sums["durationErrorMs"]) == (1.0, 1.0, 0.0)
    assert (sums["loudness"], sums["truePeak"]) == (measured["integrated"], measured["true_peak"])
    assert report["source"]["filename"] == "talk.wav"
    assert [line["dub"]["start"] for line in report["lines"]] == [0.5, 2.0]


def test_its_sums_are_in_the_manifest_and_in_the_artifact(scene):
    outcome = scene.run()
    manifest = json.loads(paths(outcome)["manifest"].read_text())
    (made,) = (one for one in outcome.files if one.kind == "report")
    assert manifest["report"] == {k: v for k, v in made.meta.items() if k != "language"}
    assert {file["kind"] for file in manifest["files"]} >= {"report", "report_html"}


def test_what_was_mixed_is_told_and_not_what_was_planned(scene):
    path = scene.context.stored["speech"]
    speech = Speech.model_validate_json(path.read_bytes())
    first, second = speech.placements
    moved = second.model_copy(update={"start": first.start + 0.5})
    changed = speech.model_copy(update={"placements": (first, moved)})
    path.write_bytes(changed.to_bytes())
    report = read_report(scene.run())
    assert report["sums"]["collisions"] == 1
    assert report["sums"]["offShare"] == 0.5
    assert report["lines"][1]["shift"] == pytest.approx(-1.0)


def test_captions_that_break_rules_are_counted_by_rule(scene):
    path = scene.context.stored["segments"]
    translation = Translation.model_validate_json(path.read_bytes())
    long = "Demasiado texto para tan poco tiempo. " * 4
    lines = tuple(line.model_copy(update={"text": long}) for line in translation.lines)
    path.write_bytes(translation.model_copy(update={"lines": lines}).to_bytes())
    speech = Speech.model_validate_json(scene.context.stored["speech"].read_bytes())
    clips = tuple(clip.model_copy(update={"text": long}) for clip in speech.clips)
    scene.context.stored["speech"].write_bytes(
        speech.model_copy(update={"clips": clips}).to_bytes()
    )
    report = read_report(scene.run())
    assert report["captionViolations"]["reading_speed"] > 0
    assert report["sums"]["captionViolations"] == sum(report["captionViolations"].values())


def test_everybody_who_took_part_is_named_with_the_cost(scene):
    scene.upstream = (
        Provenance(Stage.MT, None, None, 0.0),
        Provenance(Stage.TTS, "vendor", "v-1", 0.5),
    )
    report = read_report(scene.run())
    assert [(one["stage"], one["provider"], one["costUsd"]) for one in report["stages"]] == [
        ("mt", None, 0.0),
        ("tts", "vendor", 0.5),
        ("mix", "dubline", 0.0),
    ]
    assert report["sums"]["costUsd"] == 0.5


def test_the_page_shows_source_and_dub(scene):
    text = paths(scene.run())["report_html"].read_text()
    assert "<h1><bdi>talk.wav</bdi> in Spanish</h1>" in text
    assert "¿Qué &lt;tal&gt; &amp; cuál?" in text
    for kind in ("wave", "after"):
        outline = text.split(f'<path class="{kind}" d="')[1].split('"')[0]
        assert outline.count("V") > 2, kind


def test_the_same_inputs_make_the_same_report(scene):
    first = {kind: path.read_bytes() for kind, path in paths(scene.run()).items()}
    second = paths(scene.run())
    for kind in ("report", "report_html"):
        assert second[kind].read_bytes() == first[kind]


def test_text_without_sound_and_without_lines_has_a_report(tmp_path):
    scene = Scene(tmp_path)
    path = tmp_path / "in.txt"
    path.write_text("")
    scene.store("media", path, "text/plain", "talk.txt")
    scene.say([], 2.0)
    report = read_report(scene.run())
    assert report["sums"]["durationErrorMs"] == 0
    assert report["sums"]["loudness"] is None
    assert report["source"]["duration"] * RATE == 2 * RATE
