"""The files that a dub is delivered as, in the order in which they are made.

A further format is a file beside this one with an `export`, and a line here (docs/extending.md).
"""

from collections.abc import Sequence
from functools import partial

from workers.exports import (
    audio,
    burned_captions,
    captions,
    hls,
    manifest,
    report,
    segment_audio,
    video,
)
from workers.exports.dub import Export, Exporter, MixedDub
from workers.interfaces.progress import Progress, tell_part
from workers.interfaces.stages import ReusedFile

# With the share of the exporters' time that is over when each is done. Burning captions in and the
# report check whether to stop, but show no progress: nobody knows how long they take.
EXPORTERS: Sequence[tuple[Exporter, float]] = (
    (audio.export, 0.0),
    (segment_audio.export, 0.0),
    (captions.export, 0.0),
    (video.export, 0.5),
    (hls.export, 1.0),
    (burned_captions.export, 1.0),
    (report.export, 1.0),
    (manifest.export, 1.0),  # it tells of all the others
)


def export_dub(dub: MixedDub, progress: Progress) -> Export:
    """Make every format of the dub; `progress` is told 0..1."""
    reused: list[ReusedFile] = []
    warnings: list[str] = []
    begun = 0.0
    for export, done in EXPORTERS:
        made = export(dub, partial(tell_part, progress, begun, done))
        dub.files.extend(made.files)
        reused += made.reused
        warnings += made.warnings
        begun = done
    return Export(dub.files, reused, warnings)
