"""What players are told of a picture's codec: each field as the standard writes it."""

from struct import pack

import pytest

from backend.errors import Permanent
from workers.media.codec_strings import read_codec_string


def box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return pack(">I4s", 8 + len(body), name) + body


def header(entry: bytes, *boxes: bytes) -> bytes:
    """An MP4's beginning with one track whose sample entry is of this type and has these boxes."""
    found = box(b"stsd", bytes(4), pack(">I", 1), box(entry, bytes(78), *boxes))
    for name in (b"stbl", b"minf", b"mdia", b"trak"):
        found = box(name, box(b"free"), found)
    return box(b"ftyp", b"iso6") + box(b"moov", box(b"mvhd", bytes(100)), found)


def colours(primaries: int, transfer: int, matrix: int, *, full: bool) -> bytes:
    return box(b"colr", b"nclx", pack(">HHHB", primaries, transfer, matrix, full << 7))


def hevc(first: int, flags: int, constraints: str, level: int) -> bytes:
    config = pack(">BBI", 1, first, flags) + bytes.fromhex(constraints) + bytes([level])
    return header(b"hvc1", box(b"hvcC", config, bytes(10)))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (header(b"avc1", box(b"avcC", bytes.fromhex("0164001f"))), "avc1.64001f"),
        # Main at level 3.1, and Main 10 of the high tier at level 5.1: Annex E's own notation.
        (hevc(0x01, 0x60000000, "b00000000000", 93), "hvc1.1.6.L93.B0"),
        (hevc(0x22, 0x20000000, "900000000000", 153), "hvc1.2.4.H153.90"),
        # A profile space, flags at both ends, and a zero between constraints.
        (hevc(0xC4, 0x08000001, "9d0008000000", 60), "hvc1.C4.80000010.L60.9D.0.8"),
        (hevc(0x01, 0x60000000, "000000000000", 120), "hvc1.1.6.L120"),
        (header(b"av01", box(b"av1C", bytes.fromhex("81000c00"))), "av01.0.00M.08"),
        (
            header(b"av01", box(b"av1C", bytes.fromhex("810dce00")), colours(9, 16, 9, full=False)),
            "av01.0.13H.10.0.112.09.16.09.0",
        ),
        (
            header(b"av01", box(b"av1C", bytes.fromhex("81487200")), colours(1, 1, 1, full=True)),
            "av01.2.08M.12.1.000.01.01.01.1",
        ),
        (
            header(b"vp09", box(b"vpcC", bytes.fromhex("01000000" + "0014" + "82" + "010101"))),
            "vp09.00.20.08.01.01.01.01.00",
        ),
        (
            header(b"vp09", box(b"vpcC", bytes.fromhex("01000000" + "0233" + "a3" + "091009"))),
            "vp09.02.51.10.01.09.16.09.01",
        ),
    ],
)
def test_every_field_is_told(content, told):
    assert read_codec_string(content) == told


def test_a_codec_of_which_nothing_is_known_is_refused():
    with pytest.raises(Permanent, match="A picture in mp4v cannot be streamed"):
        read_codec_string(header(b"mp4v", box(b"esds")))
