"""A language's sound: how loud it is to be, what of it is rendered, what is kept from before.

The index (`index.py`) says of each chunk what it was made of and how loud it is. A later run
gets it with the earlier run's files (`StageInput.before`), renders the chunks whose keys it does
not find in it, and copies all others as they are.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.params import Bed, Loudness
from backend.pipeline.stages import STAGES, Stage
from workers.audio import loudness
from workers.audio.gain import DuckingShape
from workers.audio.loudness import TENTH, find_covered
from workers.audio.samples import RATE
from workers.interfaces.progress import Progress, tell_part
from workers.interfaces.stages import StageContext
from workers.mixing.bed import BedReader as Sound
from workers.mixing.clips import measure_natural_powers
from workers.mixing.forecast import forecast_loudness
from workers.mixing.index import (
    ChunkEntry,
    MeasuredMix,
    MeasuredRecording,
    MixIndex,
    load_earlier_mix,
)
from workers.mixing.listen import RecordingLevels, measure_recording
from workers.mixing.order import MixOrder, SoundFile, load_take
from workers.mixing.render import WORKERS, RenderedChunk, render_chunks
from workers.mixing.score import DUCKING_HOP, MixSettings, Score, compute_key
from workers.mixing.tracks import LOSSLESS, open_tracks

# dB that the bed makes room: the original voice has to step well back, music less.
DEPTH = {Bed.SOURCE: 18.0, Bed.BACKGROUND: 9.0, Bed.INSTRUMENTAL: 9.0, Bed.NONE: 0.0}
# For which the bed stays down after speech, because of the pauses within a sentence.
HOLD_MS = 300

# The dub's speech is as loud as the source's own, within what can be heard and is no shouting.
SOFTEST_SPEECH, LOUDEST_SPEECH = -33.0, -16.0  # LUFS
# What has no sound of its own to be matched is as loud as broadcasts in Europe (EBU R128).
USUAL = -23.0

TARGETS = {Loudness.WEB: -16.0, Loudness.EBU: -23.0, Loudness.STREAMING: -27.0}  # LUFS
# A source is matched within these: the lower end is the softest that broadcasters deliver, and
# what is louder than the upper one is turned down by every streaming service.
SOFTEST, LOUDEST = -31.0, -14.0

# In LU: a mix this near to its target is left as it is, a warning tells of one this far (as much
# as EBU R128 allows). An earlier run's speech level that is near what it would be now stays, for
# another one would change every chunk.
NEAR, FAR = 0.3, 0.5
LEVEL_NEAR = 0.5
TRIES = 3
GREATEST = 30.0  # dB: what needs more gain is noise

LISTENED = 0.1  # of the work

FILES: Mapping[str, str] = {
    ArtifactKind.AUDIO: "dub.m4a",
    ArtifactKind.AUDIO_FLAC: "dub.flac",
    ArtifactKind.STEM_DUB: "stem-dub.flac",
    ArtifactKind.STEM_BED: "stem-bed.flac",
}


class Mixdown(NamedTuple):
    """The files by kind, `mix_index` among them, and how they were made."""

    paths: Mapping[str, Path]
    bed: Bed
    contents: MixIndex
    measured: MeasuredMix
    warnings: tuple[str, ...]


def render_mixdown(order: MixOrder, context: StageContext, progress: Progress) -> Mixdown:
    """Measure, mix, measure again; `progress` gets 0..1.

    Raises `Permanent` when the source or the background cannot be decoded.
    """
    mixing = _Mixing(order, context, progress)
    target = mixing.target
    score = mixing.begin_mix(target)
    for _ in range(TRIES):
        index = mixing.write_files(score)
        measured = index.measure_mix(target)
        if abs(measured.off) <= NEAR:
            break
        score = _choose_louder(score, measured.off)
    paths = {**mixing.paths, ArtifactKind.MIX_INDEX: context.workdir / "mix.json"}
    paths[ArtifactKind.MIX_INDEX].write_bytes(index.to_bytes())
    return Mixdown(
        paths, mixing.bed, index, measured, tuple(_list_warnings(order, mixing.bed, measured))
    )


class _Mixing:
    """What the steps share: the order, what is known from before, what was heard."""

    def __init__(self, order: MixOrder, context: StageContext, progress: Progress) -> None:
        self._order, self._context, self._progress = order, context, progress
        self._before = load_earlier_mix(order.before, order.kinds, context)
        self._listened: dict[str, RecordingLevels] = {}
        self._source = self._measure_source(order.media)
        narrow = order.bed is Bed.INSTRUMENTAL and not self._source.wide
        self.bed = Bed.SOURCE if narrow else order.bed
        self._below = {Bed.NONE: None, Bed.BACKGROUND: order.background}.get(self.bed, order.media)
        self.paths = {kind: context.workdir / FILES[kind] for kind in order.kinds}

    def _measure_source(self, recording: SoundFile | None) -> RecordingLevels:
        if recording is None:
            return RecordingLevels(np.zeros(-(-self._order.total // TENTH)), wide=True)
        sha256 = recording.sha256
        heard = self._listened.get(sha256) or self._before.find_recording(sha256)
        if heard is None:
            told = partial(tell_part, self._progress, 0.0, LISTENED)
            _, path, track, repairs = recording
            heard = measure_recording(path, self._order.total, told, track, repairs)
        self._listened[sha256] = heard
        return heard

    @cached_property
    def target(self) -> float:
        """The loudness that the mix is to have, in LUFS."""
        own = loudness.compute_integrated_loudness(self._source.tenths)
        usual = USUAL if own is None else min(max(own, SOFTEST), LOUDEST)
        return TARGETS.get(self._order.params.loudness, usual)

    def begin_mix(self, target: float) -> Score:
        """The mix to begin with: an earlier run's loudness, if that lets anything be kept."""
        score = self._build_score(self._measure_level())
        index = self._before.index
        if index:
            again = _choose_louder(score, index.gain)
            if any(self._before.find_chunks(_compute_keys(again))):
                return again
        expected = self._forecast_loudness(score)
        return score if expected is None else _choose_louder(score, target - expected)

    def _measure_level(self) -> float:
        """The loudness of the source's own speech, which the dub's is to have, in LUFS."""
        times = np.arange(len(self._source.tenths)) * TENTH / RATE
        found = loudness.measure_speech_level(
            self._source.tenths[find_covered(times, self._order.spans)]
        )
        if found is None:
            return USUAL
        level = round(min(max(found, SOFTEST_SPEECH), LOUDEST_SPEECH), 2)
        index = self._before.index
        return index.level if index and abs(index.level - level) <= LEVEL_NEAR else level

    def _build_score(self, level: float) -> Score:
        order = self._order
        replaced = self.bed in (Bed.SOURCE, Bed.INSTRUMENTAL)
        spans = order.spans if replaced else ()
        asked = order.params.ducking
        return Score(
            total=order.total,
            bed=self._below.sha256 if self._below else "",
            takes=order.takes,
            held=[(round(start * RATE), round(end * RATE)) for start, end in spans],
            settings=MixSettings(
                level=level,
                gain=0.0,
                depth=DEPTH[self.bed] if asked.depth_db is None else asked.depth_db,
                ducking=DuckingShape(
                    _round_to_hops(asked.attack_ms),
                    _round_to_hops(HOLD_MS),
                    _round_to_hops(asked.release_ms),
                ),
                separate=self.bed is Bed.INSTRUMENTAL,
            ),
        )

    def _forecast_loudness(self, score: Score) -> float | None:
        below = self._measure_source(self._below)
        with ThreadPoolExecutor(WORKERS) as pool:
            clips = dict(pool.map(self._measure_clip, self._order.clips))
        return forecast_loudness(score, below.tenths, clips)

    def _measure_clip(self, sha256: str) -> tuple[str, loudness.Powers]:
        return sha256, measure_natural_powers(self._order.clips[sha256]())

    def write_files(self, score: Score) -> MixIndex:
        """Write the files; what is known of them."""
        keys = _compute_keys(score)
        kept = self._before.find_chunks(keys)
        chunks = []
        # Rendering ends first, so that its memory is free when the files are put together.
        with (
            open_tracks(self.paths, self._before.files, self._order.language) as append,
            closing(self._render_missing(score, kept)) as new,
        ):
            for chunk, key_, entry in zip(score.chunks, keys, kept, strict=True):
                rendered = None if entry else next(new)
                append(chunk, rendered)
                chunks.append(ChunkEntry.build(key_, rendered) if rendered else entry)
                tell_part(self._progress, LISTENED, 1.0, chunk.end / score.total)
        return MixIndex(
            bed=score.bed,
            level=score.settings.level,
            gain=score.settings.gain,
            chunks=tuple(chunks),
            listened=tuple(MeasuredRecording.build(*item) for item in self._listened.items()),
        )

    def _render_missing(
        self, score: Score, kept: Sequence[ChunkEntry | None]
    ) -> Generator[RenderedChunk]:
        """The chunks that are not kept."""
        known = zip(score.chunks, kept, self._before.list_checksums(score), strict=True)
        return render_chunks(
            score,
            [(chunk, checksum) for chunk, entry, checksum in known if entry is None],
            self._open_bed(score.total),
            partial(load_take, self._order, score.settings.level),
            [LOSSLESS[kind] for kind in self.paths if kind in LOSSLESS],
        )

    def _open_bed(self, total: int) -> Sound:
        if self._below is None:
            return Sound(None, total)
        return Sound(self._below.path, total, self._below.track, self._below.repairs)


def _compute_keys(score: Score) -> list[str]:
    return [compute_key(score, chunk, STAGES[Stage.MIX].code_version) for chunk in score.chunks]


def _choose_louder(score: Score, decibels: float) -> Score:
    gain = round(min(max(score.settings.gain + decibels, -GREATEST), GREATEST), 2)
    return replace(score, settings=replace(score.settings, gain=gain))


def _round_to_hops(milliseconds: int) -> int:
    return round(milliseconds * RATE / 1000 / DUCKING_HOP)


def _list_warnings(order: MixOrder, bed: Bed, measured: MeasuredMix) -> Iterator[str]:
    if bed is not order.bed:
        yield (
            "Voices cannot be taken out of a mono recording: its left and right are the same. The "
            "source was lowered under the dub instead. Upload a background track for better."
        )
    if abs(measured.off) > FAR:
        yield (
            f"The dub is {abs(measured.off):.1f} LU off its target of {measured.target:.0f} LUFS: "
            "its peaks leave no more room. Choose a softer one."
        )
