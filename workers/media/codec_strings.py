"""How an MP4's picture is coded, as players are told it (RFC 6381), out of the file's own boxes.

Whoever reads the string decides by it alone whether to play, so it says what the decoder's
configuration in the file says, bit by bit.
"""

from collections.abc import Callable, Iterator, Mapping
from struct import unpack_from

from backend.errors import Permanent

Boxes = Mapping[bytes, bytes]  # contents by type, of boxes of which there is one

# Where the one track's sample entry is (ISO/IEC 14496-12, 8.5.2).
SAMPLE_DESCRIPTIONS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
FULL_BOX = 4  # version and flags, before what a box of that kind holds
COUNT = 4
VISUAL = 78  # the fixed part of a visual sample entry (12.1.3.2), before its boxes


def read_codec_string(content: bytes) -> str:
    """The picture's codec in the only track of a file that begins so, as `hvc1.2.4.L120.90`.

    Raises `Permanent` for one that no player takes.
    """
    for name in SAMPLE_DESCRIPTIONS:
        content = dict(_list_boxes(content)).get(name, b"")
    [(name, entry)] = list(_list_boxes(content[FULL_BOX + COUNT :]))
    if name not in FORMATS:
        raise Permanent(f"A picture in {name.decode(errors='replace')} cannot be streamed.")
    config, format_codec = FORMATS[name]
    boxes = dict(_list_boxes(entry[VISUAL:]))
    return format_codec(boxes[config], boxes)


def _list_boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Types and contents, as far as there are whole headers (4.2)."""
    offset = 0
    while offset + 8 <= len(content):
        size, name = unpack_from(">I4s", content, offset)
        yield name, content[offset + 8 : offset + size]
        offset += max(size, 8)


def _format_avc(config: bytes, _boxes: Boxes) -> str:
    """ISO/IEC 14496-15, 5.3.3.1: profile, constraints and level in hexadecimal (RFC 6381, 3.3)."""
    return f"avc1.{config[1:4].hex()}"


def _format_hevc(config: bytes, _boxes: Boxes) -> str:
    """ISO/IEC 14496-15, annex E.3, from the fields of 8.3.3.1.

    The compatibility flags are told with their bits in reverse order, and of the six bytes of
    constraints those at the end that are zero are left out.
    """
    space, tier, profile = "ABC"[: config[1] >> 6][-1:], "LH"[config[1] >> 5 & 1], config[1] & 31
    flags = int(f"{int.from_bytes(config[2:6]):032b}"[::-1], 2)
    constraints = [f"{byte:X}" for byte in config[6:12].rstrip(b"\0")]
    return ".".join(
        ("hvc1", f"{space}{profile}", f"{flags:X}", f"{tier}{config[12]}", *constraints)
    )


def _format_av1(config: bytes, boxes: Boxes) -> str:
    """AV1 Codec ISO Media File Format Binding, 2.3 and 5; colours where the file tells them."""
    profile, level = config[1] >> 5, config[1] & 31
    tier, high, twelve, gray = ((config[2] >> bit) & 1 for bit in (7, 6, 5, 4))
    sampling = (config[2] >> 3) & 1, (config[2] >> 2) & 1
    where = config[2] & 3 if sampling == (1, 1) else 0  # which the chroma is, in 4:2:0 only
    depth = 8 if not high else 12 if twelve else 10
    told = f"av01.{profile}.{level:02}{'MH'[tier]}.{depth:02}"
    if boxes.get(b"colr", b"")[:4] != b"nclx":
        return told
    *colours, full = unpack_from(">HHHB", boxes[b"colr"], 4)
    listed = ".".join(f"{colour:02}" for colour in colours)
    return f"{told}.{gray}.{sampling[0]}{sampling[1]}{where}.{listed}.{full >> 7}"


def _format_vp9(config: bytes, _boxes: Boxes) -> str:
    """VP Codec ISO Media File Format Binding: its configuration box, field by field."""
    profile, level, packed, *colours = config[FULL_BOX : FULL_BOX + 6]
    depth, sampling, full = packed >> 4, packed >> 1 & 7, packed & 1
    return "vp09." + ".".join(
        f"{value:02}" for value in (profile, level, depth, sampling, *colours, full)
    )


# By sample entry: the box with the decoder's configuration, and what is told of it.
FORMATS: Mapping[bytes, tuple[bytes, Callable[[bytes, Boxes], str]]] = {
    b"avc1": (b"avcC", _format_avc),
    b"hvc1": (b"hvcC", _format_hevc),
    b"av01": (b"av1C", _format_av1),
    b"vp09": (b"vpcC", _format_vp9),
}
