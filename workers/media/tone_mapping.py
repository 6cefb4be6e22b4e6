"""Pictures of high dynamic range (PQ, HLG) for screens that have none, as a table of colours.

The table leads from the code values of BT.2100 to those of BT.709. What is darker than about half
of reference white stays as it is; what is brighter is rolled off, so that nothing is clipped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Transfer characteristics as ITU-T H.273 numbers them, table 3.
PQ, HLG = 16, 18

SIZE = 33  # colours along each edge of the table
# cd/m2: what films are mastered for as a rule, and reference white, which becomes SDR's (BT.2408).
BRIGHTEST, WHITE = 1000.0, 203.0

# BT.2100-2, table 4.
M1, M2 = 2610 / 16384, 2523 / 4096 * 128
C1, C2, C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
LIMIT = 10_000.0  # cd/m2
# BT.2100-2, table 5.
HLG_A = 0.17883277
HLG_B, HLG_C = 1 - 4 * HLG_A, 0.5 - HLG_A * np.log(4 * HLG_A)
HLG_GAMMA = 1.2
LUMA = np.array([0.2627, 0.6780, 0.0593])
# BT.2020's primaries in those of BT.709 (BT.2407-0, 2.2).
TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)
DISPLAY_GAMMA = 2.4  # BT.1886


def is_hdr(stream: VideoStream) -> bool:
    """Whether the picture says that it has a high dynamic range."""
    return stream.codec_context.color_trc in (PQ, HLG)


def list_filters(table: str) -> tuple[tuple[str, str], ...]:
    """FFmpeg's filters that apply the table in this file, which needs no escaping."""
    return (
        ("scale", "in_color_matrix=bt2020"),
        ("format", "gbrp12"),
        ("lut3d", f"file={table}"),
        ("scale", "out_color_matrix=bt709:out_range=tv"),
        ("format", "yuv420p"),
        ("setparams", "color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"),
    )


@contextmanager
def open_table(stream: VideoStream) -> Iterator[Path]:
    """The table for this picture, in a file of a plain name."""
    with NamedTemporaryFile("w", prefix="tones-", suffix=".cube") as file:
        write_table(stream.codec_context.color_trc, Path(file.name))
        yield Path(file.name)


def write_table(transfer: int, path: Path) -> None:
    """Write the table (Adobe's Cube LUT, 1.0) for this transfer characteristic."""
    codes = np.linspace(0, 1, SIZE)
    # Red changes quickest.
    blue, green, red = np.meshgrid(codes, codes, codes, indexing="ij")
    colours = map_colours(np.stack([red, green, blue], -1).reshape(-1, 3), transfer)
    with path.open("w") as file:
        file.write(f"LUT_3D_SIZE {SIZE}\n")
        np.savetxt(file, colours, "%.5f")


def map_colours(codes: Floats, transfer: int) -> Floats:
    """Code values of BT.709, 0..1, for those of BT.2100; both of shape (n, 3)."""
    light = _decode_pq(codes) if transfer == PQ else _decode_hlg(codes)
    strongest = light.max(axis=1, keepdims=True)
    # All three by one factor, so that no hue changes.
    rolled = light * (_roll_off(strongest) / np.maximum(strongest, 1e-6))
    linear = np.clip(rolled @ TO_709.T / WHITE, 0, 1)
    return np.asarray(linear ** (1 / DISPLAY_GAMMA))


def _decode_pq(codes: Floats) -> Floats:
    """Light in cd/m2 (BT.2100-2, table 4)."""
    root = codes ** (1 / M2)
    return np.asarray(LIMIT * (np.maximum(root - C1, 0) / (C2 - C3 * root)) ** (1 / M1))


def _encode_pq(light: Floats | float) -> Floats:
    power = (np.asarray(light) / LIMIT) ** M1
    return np.asarray(((C1 + C2 * power) / (1 + C3 * power)) ** M2)


def _decode_hlg(codes: Floats) -> Floats:
    """Light in cd/m2 of a screen of 1000 cd/m2 (BT.2100-2, table 5)."""
    scene = np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - HLG_C) / HLG_A) + HLG_B) / 12)  # noqa: PLR2004
    return np.asarray(BRIGHTEST * scene * (scene @ LUMA)[:, None] ** (HLG_GAMMA - 1))


def _roll_off(light: Floats) -> Floats:
    """Light that a screen of `WHITE` shows (BT.2390-11, 5.4.1, without its lift of blacks)."""
    brightest = _encode_pq(BRIGHTEST)
    most = _encode_pq(WHITE) / brightest
    knee = 1.5 * most - 0.5
    code = np.minimum(_encode_pq(light) / brightest, 1)
    part = np.maximum(code - knee, 0) / (1 - knee)
    spline = (
        (2 * part**3 - 3 * part**2 + 1) * knee
        + (part**3 - 2 * part**2 + part) * (1 - knee)
        + (3 * part**2 - 2 * part**3) * most
    )
    return _decode_pq(np.where(code < knee, code, spline) * brightest)
