"""Captions drawn into the picture, by ffmpeg with libass: shaped, and in the right direction.

The PyAV wheels have no libass; Debian's ffmpeg does. Everything else works without it.
"""

import errno
import os
import subprocess
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from subprocess import PIPE, STDOUT

from backend.errors import Permanent
from backend.media.container import find_video_stream, open_media
from workers.media.tone_mapping import is_hdr, list_filters, write_table

# libass finds the direction of each line by itself where the encoding is -1.
STYLE = "FontName=sans-serif,Encoding=-1"
# Of each interlaced frame one whole picture; others pass as they are.
WHOLE = "bwdif=mode=send_frame:deint=interlaced"
# Visually lossless for most pictures, and quick enough for long ones.
ENCODER = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p")

DISK_FULL = os.strerror(errno.ENOSPC)


@cache
def is_available() -> bool:
    """Whether this machine has an ffmpeg that can draw text."""
    try:
        listed = subprocess.run(("ffmpeg", "-filters"), capture_output=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        return False
    return b" subtitles " in listed


def burn_captions(
    video: Path, captions: Path, out: Path, progress: Callable[[float], None]
) -> bool:
    """Write the video with WebVTT captions in its picture, as H.264, its sound copied.

    All three are in one folder; `progress` is told the seconds done and may raise to stop it.
    Returns whether every letter had a font. Raises `Permanent` when ffmpeg cannot do it.
    """
    # Names without a folder need none of the filter's many ways of escaping; H.264 pictures in
    # 4:2:0 have even sides.
    drawn = ",".join(
        (
            *(WHOLE, *_list_colours(video)),
            *(
                f"subtitles={captions.name}:force_style='{STYLE}'",
                "crop=trunc(iw/2)*2:trunc(ih/2)*2",
            ),
        )
    )
    command = (
        *("ffmpeg", "-nostdin", "-v", "warning", "-y", "-i", video.name, "-vf", drawn),
        *("-map", "0:v:0", "-map", "0:a", "-c:a", "copy", *ENCODER, "-fps_mode", "passthrough"),
        # Sound that FFmpeg 5.1 calls experimental in MP4 is copied too, as FLAC.
        *("-strict", "experimental", "-progress", "pipe:1", out.name),
    )
    with subprocess.Popen(command, cwd=out.parent, stdout=PIPE, stderr=STDOUT) as work:
        try:
            legible, said = _follow_ffmpeg(work.stdout or (), progress)
        except BaseException:
            work.kill()
            raise
    if work.returncode and DISK_FULL in said:
        raise OSError(errno.ENOSPC, DISK_FULL, str(out))
    if work.returncode:
        raise Permanent(f"ffmpeg could not draw the captions into the picture: {said}")
    return legible


def _list_colours(video: Path) -> list[str]:
    """Filters that make a picture of high dynamic range one that H.264 players show."""
    with open_media(video) as container:
        stream = find_video_stream(container)
        if stream is None or not is_hdr(stream):
            return []
        table = video.with_name("tones.cube")
        write_table(stream.codec_context.color_trc, table)
        return [f"{name}={arguments}" for name, arguments in list_filters(table.name)]


def _follow_ffmpeg(lines: Iterable[bytes], progress: Callable[[float], None]) -> tuple[bool, str]:
    """Whether every letter had a font, and the last thing ffmpeg had to say."""
    legible, said = True, ""
    for line in lines:
        name, equals, value = line.strip().partition(b"=")
        if name == b"out_time_us" and value.isdigit():
            progress(int(value) / 1e6)
        elif b"failed to find any fallback" in line:
            legible = False
        elif not equals:
            said = name.decode(errors="replace")
    return legible, said
