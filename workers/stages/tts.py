"""run_tts: `segments_<lang>.json` to a clip of speech for each line, and `speech_<lang>.json`.

A closed loop: speak at the natural rate, measure, plan all lines together, have what is too long
for its place said in fewer words, measure and plan again; at last ask the voice itself to speak
faster where it has to. What then is left over, the mix stretches.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log

from backend.documents.speech import Clip, Placement, Speech, Verdict
from backend.documents.transcripts import Line, Translation
from backend.pipeline.params import Timing
from workers.calls.shortening import Shortening
from workers.calls.synthesis import Speaker, Take
from workers.interfaces.providers import Shortener, Synthesizer, TooLong, Utterance
from workers.interfaces.stages import Desk, Made, Outcome, Work
from workers.speakers.casting import ONLY, choose
from workers.timing.policy import budgets, placed, without_holds

ROUNDS = 2  # how often a line may be said in fewer words

# How much of the work is done when everything is spoken naturally, and when all texts are final.
SPOKEN, FINAL = 0.7, 0.9
LISTED = 10  # lines that a warning names

Takes = Mapping[int, Take]  # by line id


@dataclass(frozen=True)
class _Job:
    """All that the steps of this stage share."""

    work: Work
    desk: Desk
    translation: Translation
    synthesizer: Synthesizer
    speaker: Speaker
    offered: Sequence[str]  # the voices for the language
    voices: Mapping[str | None, str]  # by label of the speaker


def run(work: Work, desk: Desk) -> Outcome:
    """Speak every line that has something to say, and plan where each sounds and how fast."""
    job = _gather(work, desk)
    natural = _natural(job)
    takes = _shortened(job, natural)
    placements = _placed(job, takes, work.params.timing)
    spoken = _hurried(job, takes, placements)
    speech = Speech(
        language=work.language,
        clips=tuple(_clip(id_, spoken[id_], take) for id_, take in takes.items()),
        placements=placements,
    )
    path = desk.workdir / f"speech_{work.language}.json"
    path.write_bytes(speech.to_bytes())
    return Outcome(
        made=(Made("speech", path, "application/json", path.name),),
        provider=job.synthesizer.name,
        model=job.synthesizer.model,
        warnings=(*_missing(job, natural), *_fitted(natural, takes, placements)),
    )


def _gather(work: Work, desk: Desk) -> _Job:
    text = desk.fetch(work.files["segments"]).read_bytes()
    synthesizer = desk.synthesizer(work.params.providers.tts)
    translation = Translation.model_validate_json(text)
    offered = synthesizer.voices(work.language)
    voices = choose(translation.speakers, offered, work.params.voices)
    names = [voice.name for voice in offered]
    return _Job(work, desk, translation, synthesizer, Speaker(synthesizer, desk), names, voices)


def _natural(job: _Job) -> Takes:
    """Each line that has a word to say, at the natural rate of its voice."""
    asked = {line.id: _asked(job, line) for line in job.translation.lines if _has_words(line.text)}
    return _spoken(job, asked, 0.0, SPOKEN)


def _asked(job: _Job, line: Line) -> Utterance:
    own = line.voice if line.voice in job.offered else None
    return Utterance(line.text, job.work.language, own or job.voices[line.speaker])


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _spoken(job: _Job, asked: Mapping[int, Utterance], begin: float, end: float) -> Takes:
    """A take of each, but for those that the synthesiser gives silence for."""
    takes = job.speaker.speak(list(asked.values()), begin, end)
    return {id_: take for id_, take in zip(asked, takes, strict=True) if take}


def _placed(job: _Job, takes: Takes, timing: Timing) -> tuple[Placement, ...]:
    lines, total = job.translation.lines, job.translation.duration
    return placed(lines, _natural_lengths(takes), total, timing)


def _natural_lengths(takes: Takes) -> Mapping[int, float]:
    return {id_: take.duration for id_, take in takes.items()}


def _shortened(job: _Job, takes: Takes) -> Takes:
    """The takes, with those too long for their place said in fewer words where that can be."""
    translator = job.desk.translator(job.work.params.providers.translation)
    if not isinstance(translator, Shortener):
        return takes
    languages = (job.translation.source_language, job.work.language)
    shortening = Shortening(translator, *languages, job.desk)
    for part in range(ROUNDS):
        # A line that only makes room for another is left alone at first.
        long = _too_long(job, takes, by_themselves=part == 0)
        texts = shortening.shortened(list(long.values()))
        begin, end = (SPOKEN + (FINAL - SPOKEN) * (part + i) / ROUNDS for i in (0, 1))
        again = {
            id_: replace(takes[id_].utterance, text=text)
            for (id_, one), text in zip(long.items(), texts, strict=True)
            if text != one.text and _has_words(text)
        }
        found = _spoken(job, again, begin, end)
        takes = {id_: _quicker(take, found.get(id_)) for id_, take in takes.items()}
    return takes


def _quicker(take: Take, other: Take | None) -> Take:
    return other if other and other.duration < take.duration else take


def _too_long(job: _Job, takes: Takes, *, by_themselves: bool) -> Mapping[int, TooLong]:
    """The lines that would be spoken faster than wanted, and what they may take."""
    lines, natural = job.translation.lines, _natural_lengths(takes)
    tried = _placed(job, takes, without_holds(job.work.params.timing))
    found = budgets(lines, natural, tried, by_themselves=by_themselves)
    sources = {line.id: line.source for line in lines}
    pace = _pace(takes.values())
    long = {}
    for id_, seconds in found.items():
        said = takes[id_].utterance
        characters = int(seconds / pace[said.voice])
        long[id_] = TooLong(said.text, sources[id_], seconds, characters)
    return long


def _pace(takes: Iterable[Take]) -> Mapping[str, float]:
    """The seconds that each voice takes for a character, as measured."""
    seconds: dict[str, list[float]] = defaultdict(list)
    characters: dict[str, list[int]] = defaultdict(list)
    for take in takes:
        seconds[take.utterance.voice].append(take.duration)
        characters[take.utterance.voice].append(len(take.utterance.text))
    return {voice: sum(seconds[voice]) / sum(characters[voice]) for voice in seconds}


def _hurried(job: _Job, takes: Takes, placements: Sequence[Placement]) -> Takes:
    """The takes to be heard: what does not fit at the rate wanted, the voice itself speaks faster.

    What does fit is stretched, which costs no word: to ask again would be to pay twice.
    """
    most = job.synthesizer.max_rate
    hurry = [one for one in placements if one.verdict in {Verdict.FAST, Verdict.RUSHED}]
    asked = {
        one.id: replace(takes[one.id].utterance, rate=round(min(one.rate, most), 2))
        for one in hurry
    }
    faster = _spoken(job, asked, FINAL, 1.0)
    nearer = {one.id: _nearer(one, takes, faster) for one in hurry if one.id in faster}
    return {**takes, **nearer}


def _nearer(place: Placement, takes: Takes, faster: Takes) -> Take:
    """Of both takes the one that has to be stretched less."""
    both = (takes[place.id], faster[place.id])
    return min(both, key=lambda take: abs(log(take.duration / place.duration)))


def _clip(line: int, take: Take, natural: Take) -> Clip:
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


def _missing(job: _Job, natural: Takes) -> Iterator[str]:
    yield from _strangers(job)
    yield from _miscast(job)
    yield from _silent(job, natural)


def _strangers(job: _Job) -> Iterator[str]:
    speakers = {speaker.label or ONLY for speaker in job.translation.speakers}
    strangers = job.work.params.voices.keys() - speakers
    if strangers and speakers:
        known = ", ".join(sorted(speakers))
        yield f"voices: nobody is called {', '.join(sorted(strangers))}; the speakers are {known}"


def _miscast(job: _Job) -> Iterator[str]:
    unknown = defaultdict(list)
    for line in job.translation.lines:
        if line.voice and line.voice not in job.offered:
            unknown[line.voice].append(line.id)
    for voice, ids in unknown.items():
        yield (
            f"There is no voice '{voice}': in {_lines(ids)} the speaker's own is heard; "
            f"choose one of {', '.join(job.offered)}"
        )


def _silent(job: _Job, natural: Takes) -> Iterator[str]:
    lines = job.translation.lines
    silent = [line.id for line in lines if _has_words(line.text) and line.id not in natural]
    if silent:
        name = job.synthesizer.name
        yield f"Nothing is heard of {_lines(silent)}, for which {name} gives silence"


def _fitted(natural: Takes, takes: Takes, placements: Sequence[Placement]) -> Iterator[str]:
    shortened = [id_ for id_ in takes if takes[id_].utterance != natural[id_].utterance]
    if shortened:
        yield f"Said in fewer words, to fit: {_lines(shortened)}"
    left_out = [one.id for one in placements if one.verdict is Verdict.LEFT_OUT]
    if left_out:
        yield f"Left out of the mix, as asked for lines that would be rushed: {_lines(left_out)}"
    held = {one.id: one.hold for one in placements if one.hold}
    if held:
        longer = f"{sum(held.values()):.1f} s longer than the source"
        yield f"The dub is {longer}, as the picture is held for {_lines(list(held))}"


def _lines(ids: Sequence[int]) -> str:
    listed = ", ".join(str(id_) for id_ in ids[:LISTED])
    more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return f"line {listed}{more}" if len(ids) == 1 else f"lines {listed}{more}"
