"""What a voice sounds like, as a vector: the speaker encoder of Resemblyzer, in NumPy.

Three LSTM layers and a projection, trained so that the voiceprints of one voice lie close together
(Wan, Wang, Papir, Moreno: Generalized End-to-End Loss for Speaker Verification, 2018). encoder.npz
holds Resemblyzer's weights and its mel filters; docs/adr/0004-telling-speakers-apart.md says why.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float32]

# As the encoder was trained: spectra of 25 ms every 10 ms, windows of 1.6 s.
SAMPLE_RATE = 16_000
SPECTRUM, HOP = 400, 160
WINDOW = 160
LAYERS = 3
# Speech is brought to this level, RMS: at -25 and -30 dBFS more voices were confused.
LEVEL = 0.1
SILENCE = 1e-6
BATCH = 32  # pieces of speech at a time: faster than one by one, and memory stays flat


def compute_voiceprints(speech: Iterable[Floats]) -> Iterator[Floats]:
    """A unit vector (256,) for each piece of speech: float32 mono at 16 kHz, of any length."""
    pieces = iter(speech)
    while batch := [_split_windows(_compute_spectra(samples)) for samples in islice(pieces, BATCH)]:
        ends = np.cumsum([len(windows) for windows in batch])[:-1]
        # Products this small take five times the processor time when shared among threads.
        with threadpool_limits(1, "blas"):
            encoded = _encode_windows(np.concatenate(batch))
        for prints in np.split(encoded, ends):
            yield normalize_vectors(prints.mean(axis=0))


def normalize_vectors(vectors: Floats) -> Floats:
    """The vectors (..., n) at length 1; those of length 0 stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return cast("Floats", vectors / np.maximum(length, SILENCE))


def _compute_spectra(samples: Floats) -> Floats:
    """Mel power spectra (n, 40) of speech at the level that the encoder knows best."""
    scaled = samples * (LEVEL / max(float(np.sqrt(np.mean(samples**2))), SILENCE))
    frames = sliding_window_view(np.pad(scaled, SPECTRUM // 2), SPECTRUM)[::HOP]
    # The periodic Hann window, which NumPy does not have.
    power = np.abs(np.fft.rfft(frames * np.hanning(SPECTRUM + 1)[:-1])) ** 2
    return power.astype(np.float32) @ _load_weights()["mel"].T


def _split_windows(spectra: Floats) -> Floats:
    """Windows (n, 160, 40) side by side, the last one up to the end; short speech is repeated."""
    repeated = np.tile(spectra, (-(-WINDOW // len(spectra)), 1))
    spectra = repeated[: max(WINDOW, len(spectra))]
    last = len(spectra) - WINDOW
    return np.stack([spectra[at : at + WINDOW] for at in [*range(0, last, WINDOW), last]])


def _encode_windows(windows: Floats) -> Floats:
    """A unit vector for each window: LSTM layers, then a projection of the last one's end."""
    weights = _load_weights()
    state = np.zeros((2, LAYERS, len(windows), 256), np.float32)
    for spectrum in windows.transpose(1, 0, 2):
        heard = spectrum
        for layer in range(LAYERS):
            state[:, layer] = _run_step(layer, heard, *state[:, layer])
            heard = state[0, layer]
    raw = heard @ weights["linear.weight"].T + weights["linear.bias"]
    return normalize_vectors(np.maximum(raw, 0))


def _run_step(layer: int, heard: Floats, hidden: Floats, cell: Floats) -> Sequence[Floats]:
    """One time step of an LSTM layer (Hochreiter and Schmidhuber 1997): new hidden, new cell."""
    weights = _load_weights()
    gates = (
        heard @ weights[f"lstm.weight_ih_l{layer}"].T
        + hidden @ weights[f"lstm.weight_hh_l{layer}"].T
        + weights[f"lstm.bias_l{layer}"]
    )
    take, keep, new, give = np.split(gates, 4, axis=1)
    cell = _sigmoid(keep) * cell + _sigmoid(take) * np.tanh(new)
    return _sigmoid(give) * np.tanh(cell), cell


def _sigmoid(x: Floats) -> Floats:
    # By way of tanh, which does not overflow.
    return cast("Floats", 0.5 + 0.5 * np.tanh(0.5 * x))


@cache
def _load_weights() -> Mapping[str, Floats]:
    """Arrays by PyTorch's names for them, kept in half precision, and `mel` (40, 201)."""
    with np.load(Path(__file__).with_name("encoder.npz")) as kept:
        return {name: array.astype(np.float32) for name, array in kept.items()}
