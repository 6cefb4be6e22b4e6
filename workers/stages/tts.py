"""run_tts: `segments_<lang>.json` to a clip of speech for each line, and `speech_<lang>.json`.

A closed loop: speak at the natural rate, measure, plan all lines together, have what is too long
for its place said in fewer words, measure and plan again; at last ask the voice itself to speak
faster where it has to. What then is left over, the mix stretches.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log

from backend.documents.glossary import Terms, choose_pronunciations, choose_terms, find_terms
from backend.documents.limits import check_texts
from backend.documents.speech import Clip, Placement, Speech, Verdict
from backend.documents.spoken import find_spoken_text, has_words
from backend.documents.transcripts import Line, Translation
from backend.errors import Permanent
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.params import Timing
from backend.process.interrupt import check_interrupt
from workers.calls.choice import choose_synthesizer, choose_translator
from workers.calls.shortening import TextShortener
from workers.calls.speech_warnings import (
    warn_of_marks,
    warn_of_miscast,
    warn_of_misfits,
    warn_of_silence,
    warn_of_strangers,
)
from workers.calls.synthesis import LineSpeaker, SpokenTake, Takes
from workers.interfaces.providers import (
    ContextReader,
    OverlongText,
    Shortener,
    Synthesizer,
    Utterance,
)
from workers.interfaces.stages import (
    StageContext,
    StageInput,
    StageResult,
    describe_output,
)
from workers.speakers.casting import choose_voices
from workers.timing.policy import compute_budgets, drop_holds, place_lines

ROUNDS = 2  # how often a line may be said in fewer words

# How much of the work is done when everything is spoken naturally, and when all texts are final.
SPOKEN, FINAL = 0.7, 0.9


@dataclass(frozen=True)
class _SpeechJob:
    """All that the steps of this stage share."""

    inputs: StageInput
    context: StageContext
    translation: Translation
    synthesizer: Synthesizer
    speaker: LineSpeaker
    offered: Sequence[str]  # the voices for the language
    voices: Mapping[str | None, str]  # by label of the speaker
    terms: Terms  # that a shorter text keeps too


def run(inputs: StageInput, context: StageContext) -> StageResult:
    """Speak every line that has something to say, and plan where each sounds and how fast."""
    choice = choose_synthesizer(inputs.params, context, inputs.language)
    outcome = choice.do(lambda synthesizer: _speak_all(inputs, context, synthesizer))
    return replace(outcome, warnings=(*choice.warnings, *outcome.warnings))


def _speak_all(inputs: StageInput, context: StageContext, synthesizer: Synthesizer) -> StageResult:
    job = _gather_inputs(inputs, context, synthesizer)
    natural = _speak_naturally(job)
    takes = _shorten_takes(job, natural)
    placements = _place_takes(job, takes, inputs.params.timing)
    spoken = _hurry_takes(job, takes, placements)
    speech = Speech(
        language=inputs.language,
        clips=tuple(_build_clip(id_, spoken[id_], take) for id_, take in takes.items()),
        placements=placements,
    )
    path = context.workdir / f"speech_{inputs.language}.json"
    path.write_bytes(speech.to_bytes())
    return StageResult(
        files=(describe_output(ArtifactKind.SPEECH, path),),
        provider=job.synthesizer.name,
        model=job.synthesizer.model,
        warnings=tuple(_list_warnings(job, natural, takes, placements)),
    )


def _gather_inputs(
    inputs: StageInput, context: StageContext, synthesizer: Synthesizer
) -> _SpeechJob:
    text = context.fetch(inputs.files[ArtifactKind.SEGMENTS]).read_bytes()
    translation = Translation.model_validate_json(text)
    check_texts(context.text_limits, translation.lines, "The translation")
    said = (inputs.params.glossary, translation.source_language, inputs.language)
    speaker = LineSpeaker(synthesizer, context, choose_pronunciations(*said))
    offered = synthesizer.list_voices(inputs.language)
    voices = choose_voices(translation.speakers, offered, inputs.params.voices)
    names = [voice.name for voice in offered]
    terms = choose_terms(*said)
    return _SpeechJob(inputs, context, translation, synthesizer, speaker, names, voices, terms)


def _speak_naturally(job: _SpeechJob) -> Takes:
    """Each line that has a word to say, at the natural rate of its voice."""
    lines = [line for line in job.translation.lines if find_spoken_text(line.text)]
    asked = {line.id: _build_utterance(job, line) for line in lines}
    if isinstance(job.synthesizer, ContextReader):
        asked = add_context(asked)
    return _speak(job, asked, 0.0, SPOKEN)


def _build_utterance(job: _SpeechJob, line: Line) -> Utterance:
    own = line.voice if line.voice in job.offered else None
    voice = own or job.voices[line.speaker]
    return Utterance(find_spoken_text(line.text), job.inputs.language, voice)


def add_context(asked: Mapping[int, Utterance]) -> dict[int, Utterance]:
    """The utterances with what the same voice says before and after."""
    ids_of: dict[str, list[int]] = defaultdict(list)
    for id_, one in asked.items():
        ids_of[one.voice].append(id_)
    told = {}
    for ids in ids_of.values():
        texts = ["", *(asked[id_].text for id_ in ids), ""]
        for id_, before, after in zip(ids, texts, texts[2:], strict=False):
            told[id_] = replace(asked[id_], before=before, after=after)
    return {id_: told[id_] for id_ in asked}


def _speak(job: _SpeechJob, asked: Mapping[int, Utterance], begin: float, end: float) -> Takes:
    """A take of each, but for those that the synthesiser gives silence for."""
    takes = job.speaker.speak_lines(list(asked.values()), begin, end)
    return {id_: take for id_, take in zip(asked, takes, strict=True) if take}


def _place_takes(job: _SpeechJob, takes: Takes, timing: Timing) -> tuple[Placement, ...]:
    lines, total = job.translation.lines, job.translation.duration
    return place_lines(lines, _list_natural_lengths(takes), total, timing, check_interrupt)


def _list_natural_lengths(takes: Takes) -> Mapping[int, float]:
    return {id_: take.duration for id_, take in takes.items()}


def _shorten_takes(job: _SpeechJob, takes: Takes) -> Takes:
    """The takes, with those too long for their place said in fewer words where that can be."""
    shortening = _find_shortener(job)
    if shortening is None:
        return takes
    for part in range(ROUNDS):
        # A line that only makes room for another is left alone at first.
        long = _find_too_long(job, takes, by_themselves=part == 0)
        texts = shortening.shorten_texts(list(long.values()))
        begin, end = (SPOKEN + (FINAL - SPOKEN) * (part + i) / ROUNDS for i in (0, 1))
        again = {
            id_: replace(takes[id_].utterance, text=text)
            for (id_, one), text in zip(long.items(), texts, strict=True)
            if text != one.text and has_words(text)
        }
        found = _speak(job, again, begin, end)
        takes = {id_: _choose_quicker(take, found.get(id_)) for id_, take in takes.items()}
    return takes


def _find_shortener(job: _SpeechJob) -> TextShortener | None:
    """The translator, if it can; without any the voice hurries."""
    languages = (job.translation.source_language, job.inputs.language)
    try:
        translator = choose_translator(job.inputs.params, job.context, *languages).get_first()
    except Permanent:
        return None
    if not isinstance(translator, Shortener):
        return None
    return TextShortener(translator, *languages, job.context)


def _choose_quicker(take: SpokenTake, other: SpokenTake | None) -> SpokenTake:
    return other if other and other.duration < take.duration else take


def _find_too_long(
    job: _SpeechJob, takes: Takes, *, by_themselves: bool
) -> Mapping[int, OverlongText]:
    """The lines that would be spoken faster than wanted, and what they may take."""
    lines, natural = job.translation.lines, _list_natural_lengths(takes)
    tried = _place_takes(job, takes, drop_holds(job.inputs.params.timing))
    found = compute_budgets(lines, natural, tried, by_themselves=by_themselves)
    sources = {line.id: find_spoken_text(line.source) for line in lines}
    pace = _measure_pace(takes.values())
    long = {}
    for id_, seconds in found.items():
        said = takes[id_].utterance
        characters = int(seconds / pace[said.voice])
        terms = tuple(find_terms(job.terms, sources[id_]))
        long[id_] = OverlongText(said.text, sources[id_], seconds, characters, terms)
    return long


def _measure_pace(takes: Iterable[SpokenTake]) -> Mapping[str, float]:
    """The seconds that each voice takes for a character, as measured."""
    seconds: dict[str, list[float]] = defaultdict(list)
    characters: dict[str, list[int]] = defaultdict(list)
    for take in takes:
        seconds[take.utterance.voice].append(take.duration)
        characters[take.utterance.voice].append(len(take.utterance.text))
    return {voice: sum(seconds[voice]) / sum(characters[voice]) for voice in seconds}


def _hurry_takes(job: _SpeechJob, takes: Takes, placements: Sequence[Placement]) -> Takes:
    """The takes to be heard: what does not fit at the rate wanted, the voice itself speaks faster.

    What does fit is stretched, which costs no word: to ask again would be to pay twice.
    """
    most = job.synthesizer.max_rate
    hurry = [one for one in placements if one.verdict in {Verdict.FAST, Verdict.RUSHED}]
    asked = {
        one.id: replace(takes[one.id].utterance, rate=round(min(one.rate, most), 2))
        for one in hurry
    }
    faster = _speak(job, asked, FINAL, 1.0)
    nearer = {one.id: _choose_nearer(one, takes, faster) for one in hurry if one.id in faster}
    return {**takes, **nearer}


def _choose_nearer(place: Placement, takes: Takes, faster: Takes) -> SpokenTake:
    """Of both takes the one that has to be stretched less."""
    both = (takes[place.id], faster[place.id])
    return min(both, key=lambda take: abs(log(take.duration / place.duration)))


def _build_clip(line: int, take: SpokenTake, natural: SpokenTake) -> Clip:
    return Clip(
        id=line,
        text=take.utterance.text,
        object_key=take.file.key,
        sha256=take.file.sha256,
        size=take.file.size,
        duration=take.duration,
        natural=natural.duration,
        rate=take.utterance.rate,
        voice=take.utterance.voice,
    )


def _list_warnings(
    job: _SpeechJob, natural: Takes, takes: Takes, placements: Sequence[Placement]
) -> Iterator[str]:
    yield from warn_of_strangers(job.translation, job.inputs.params.voices)
    yield from warn_of_miscast(job.translation, job.offered)
    yield from warn_of_silence(job.translation, natural, job.synthesizer.name)
    yield from warn_of_marks(job.translation)
    yield from warn_of_misfits(natural, takes, placements)
