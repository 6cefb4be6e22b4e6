"""docs/extending.md stays true: its provider and its format are taken from the page and used."""

import json
import re
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

from tests.media_samples import tone, write
from tests.mix_scene import Scene, paths
from tests.stage_context import LocalContext, build_batch
from workers.exports import formats
from workers.exports.dub import Export
from workers.interfaces.providers import TranslationResult
from workers.interfaces.stages import describe_output
from workers.providers.registry import ProviderRegistry

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"


def load_example(folder: Path, name: str, **given: object) -> SimpleNamespace:
    """The file of that name as the page shows it; `given` is what it would import."""
    [code] = re.findall(rf"```python\n# {re.escape(name)}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    path = folder / Path(name).name
    path.write_text(code)
    return SimpleNamespace(**runpy.run_path(str(path), init_globals=given))


def test_a_provider_is_one_file(tmp_path, monkeypatch):
    module = load_example(
        tmp_path, "workers/providers/shout.py", TranslationResult=TranslationResult
    )
    monkeypatch.setitem(sys.modules, "workers.providers.shout", module)
    translator = ProviderRegistry(settings=None).get_translator("shout")
    translator.check("en", "es")
    answer = translator.translate(build_batch(["Hi."]), call=LocalContext(tmp_path))
    assert list(answer.texts) == ["HI."]


def test_a_format_is_a_file_and_a_line(tmp_path, monkeypatch):
    class Kinds:
        WORD_COUNT = "word_count"

    names = {"json": json, "Export": Export, "describe_output": describe_output}
    module = load_example(tmp_path, "workers/exports/word_count.py", ArtifactKind=Kinds, **names)
    *others, manifest_last = formats.EXPORTERS
    line = (module.export, 1.0)
    monkeypatch.setattr(formats, "EXPORTERS", [*others, line, manifest_last])
    scene = Scene(tmp_path)
    scene.store("media", write(tmp_path / "talk.wav", tone(3.0)))
    scene.say([(0.5, 1.5, "Dos palabras", 1.0)], 3.0)
    files = paths(scene.run())
    assert json.loads(files["word_count"].read_text()) == {"words": 2}
    manifest = json.loads(files["manifest"].read_text())
    assert "word_count" in [one["kind"] for one in manifest["files"]]


def test_every_path_on_the_page_is_there():
    named = set(re.findall(r"`((?:backend|workers|tests|docs)/[\w/.]+)`", PAGE.read_text()))
    assert len(named) > 10
    assert [path for path in sorted(named) if not (PAGE.parents[1] / path).exists()] == []
