"""A tiny translation model: of CTranslate2's own form, with weights by chance."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import ctranslate2
import numpy as np
import sentencepiece
from ctranslate2.specs import LayerSpec, TransformerSpec

SENTENCES = [
    "Hello to all of you.",
    "Good morning, how are you?",
    "Thank you very much, my friends.",
    "Buenos días a todos, ¿cómo estáis?",
    "One. Two dogs. Yes. No.",
]
WIDTH = 16


def write_opus_model(folder: Path) -> Path:
    """As OPUS-MT's converter leaves it, with the vocabularies beside."""
    pieces = _train_pieces()
    _write_weights(folder, pieces)
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(pieces)
    return folder


def write_argos_model(folder: Path, prefix: str = "") -> Path:
    """As an .argosmodel is unpacked."""
    pieces = _train_pieces()
    _write_weights(folder / "model", pieces)
    (folder / "sentencepiece.model").write_bytes(pieces)
    (folder / "metadata.json").write_text(json.dumps({"target_prefix": prefix}))
    return folder


def _train_pieces() -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 10),
        model_writer=model,
        vocab_size=48,
        character_coverage=1.0,
        minloglevel=2,
    )
    return model.getvalue()


def _write_weights(folder: Path, pieces: bytes) -> None:
    spec = TransformerSpec.from_config(num_layers=1, num_heads=2)
    processor = sentencepiece.SentencePieceProcessor(model_proto=pieces)
    known = [processor.id_to_piece(id_) for id_ in range(processor.get_piece_size())]
    chance = np.random.default_rng(1)
    for path, layer in _list_layers(spec):
        _fill(layer, *_find_shape(path, len(known)), chance)
    spec.register_source_vocabulary(known)
    spec.register_target_vocabulary(known)
    spec.config.add_source_eos = True
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir(parents=True)
    spec.save(str(folder))


def _fill(layer: LayerSpec, rows: int, columns: int, chance: np.random.Generator) -> None:
    if hasattr(layer, "gamma"):
        layer.gamma, layer.beta = np.ones(WIDTH, "f4"), np.zeros(WIDTH, "f4")
        return
    layer.weight = chance.normal(size=(rows, columns)).astype("f4")
    if hasattr(layer, "bias"):
        layer.bias = np.zeros(rows, "f4")


def _find_shape(path: str, vocabulary: int) -> tuple[int, int]:
    """Of a layer by its place: attention has its queries, keys and values in one."""
    if "embeddings" in path or "projection" in path:
        return vocabulary, WIDTH
    shapes = {
        "ffn/linear_0": (4 * WIDTH, WIDTH),
        "ffn/linear_1": (WIDTH, 4 * WIDTH),
        "self_attention/linear0": (3 * WIDTH, WIDTH),
        "/attention/linear1": (2 * WIDTH, WIDTH),
    }
    return next((shape for end, shape in shapes.items() if path.endswith(end)), (WIDTH, WIDTH))


def _list_layers(spec: LayerSpec, path: str = "") -> Iterator[tuple[str, LayerSpec]]:
    if hasattr(spec, "weight") or hasattr(spec, "gamma"):
        yield path, spec
        return
    for name, value in vars(spec).items():
        for number, one in enumerate(value) if isinstance(value, list) else [("", value)]:
            if isinstance(one, ctranslate2.specs.model_spec.LayerSpec):
                yield from _list_layers(one, f"{path}/{name}{number}")
