"""The dubbed video with its captions drawn into the picture."""

from backend.errors import Permanent
from backend.pipeline.artifact_kinds import ArtifactKind
from workers.exports.dub import Export, MixedDub
from workers.interfaces.progress import Progress
from workers.interfaces.stages import describe_output
from workers.media import burn

NO_FONT = (
    "The captions in the picture have boxes in place of letters, because no font here has them: "
    "apt-get install fonts-noto-core fonts-noto-cjk, and run the job again from mix"
)


def export(dub: MixedDub, progress: Progress) -> Export:
    """`video_captioned` if it is asked for, from the `video` and `captions_vtt` made."""
    video, text = map(dub.find_file, (ArtifactKind.VIDEO, ArtifactKind.CAPTIONS_VTT))
    if not dub.inputs.params.captions.burn_in or video is None or text is None:
        return Export()
    if not burn.is_available():
        return Export(warnings=["No video with captions in its picture: apt-get install ffmpeg"])
    # WebM takes no H.264.
    suffix = video.path.suffix.replace(".webm", ".mkv")
    out = dub.context.workdir / f"dub.captioned{suffix}"
    try:
        legible = burn.burn_captions(video.path, text.path, out, lambda _: progress(1.0))
    except Permanent as error:
        return Export(warnings=[f"No video with captions in its picture. {error}"])
    meta = {**video.meta, "codec": "h264"}
    captioned = describe_output(ArtifactKind.VIDEO_CAPTIONED, out, meta)
    return Export([captioned], warnings=[] if legible else [NO_FONT])
