"""The fixed sets of words of the API, each word with what it means."""

from collections.abc import Mapping

from backend.database.models.accounts import Role
from backend.identity.principal import Scope
from backend.pipeline.artifact_kinds import ArtifactKind
from backend.pipeline.params import Bed, JobKind, Loudness, SpeakerMode, TimingPolicy
from backend.pipeline.providers import ProviderKind
from backend.pipeline.stages import LanguageStatus, Stage
from backend.pipeline.states import RunState, StageState
from backend.runs.events import EventType

Words = Mapping[str, str]

ROLES: Words = {
    Role.USER: "sees what is their own",
    Role.ADMIN: "sees all users, jobs and errors",
}
SCOPES: Words = {
    Scope.JOBS_READ: "read jobs and files",
    Scope.JOBS_WRITE: "send files, ask for jobs, change and cancel them",
    Scope.ADMIN: "what admins may do, while its owner is one",
}
JOB_KINDS: Words = {
    JobKind.DUB: "the recording in other languages",
    JobKind.TRANSCRIBE: "what is said in it, as text",
}
SPEAKER_MODES: Words = {
    SpeakerMode.MONO: "one person speaks",
    SpeakerMode.DIALOGUE: "several do, who are told apart",
}
BEDS: Words = {
    Bed.AUTO: "the background file where there is one, else the recording's own sound",
    Bed.BACKGROUND: "the background file",
    Bed.SOURCE: "the recording's own sound, lowered under the speech",
    Bed.INSTRUMENTAL: "the recording's own sound without what stands in its middle, as voices do",
    Bed.NONE: "nothing",
}
TIMING_POLICIES: Words = {
    TimingPolicy.FIT: "it is spoken as fast as it takes, and reported as rushed",
    TimingPolicy.EXTEND: "the picture is held until it is said",
    TimingPolicy.REPORT: "it is left out of the mix, and reported",
}
LOUDNESSES: Words = {
    Loudness.SOURCE: "as loud as the recording, unless that is very loud or very soft",
    Loudness.WEB: "-16 LUFS",
    Loudness.EBU: "-23 LUFS",
    Loudness.STREAMING: "-27 LKFS",
}
STAGES: Words = {
    Stage.ASR: "hear what is said",
    Stage.MT: "translate it",
    Stage.TTS: "speak the translation",
    Stage.MIX: "fit and mix the speech, make all files",
    Stage.JOIN: "one film with all languages",
}
STAGE_STATES: Words = {
    StageState.WAITING: "for a stage before it, for a worker, or until `retryAt`",
    StageState.RUNNING: "a worker is at it",
    StageState.SUCCEEDED: "made, taken over from an earlier run, or given",
    StageState.FAILED: "by an error that trying again cannot mend",
    StageState.DEAD: "out of attempts; listed among the dead letters",
    StageState.CANCELLED: "stopped by a user",
    StageState.SKIPPED: "a stage before it failed, or there is nothing for it to do",
}
PROVIDER_KINDS: Words = {
    ProviderKind.TRANSCRIPTION: "hears what is said",
    ProviderKind.TRANSLATION: "translates it",
    ProviderKind.TTS: "speaks the translation",
}
PITCHES: Words = {"low": "as most men", "middle": "between", "high": "as most women"}
ORIGINS: Words = {
    "executed": "by this run",
    "reused": "taken over from an earlier run",
    "given": "brought by the user",
}
ACTIONS: Words = {
    "execute": "it will be done",
    "reuse": "what an earlier run made is taken over",
    "edited": "lines that a user changed are taken",
}
JOB_STATUSES: Words = {
    RunState.RUNNING: "accepted, and not at its end",
    RunState.SUCCEEDED: "all of it is made",
    RunState.PARTIAL: "some languages are complete, others are not",
    RunState.FAILED: "nothing is complete",
    RunState.CANCELLED: "stopped by a user before a language was complete",
}
LANGUAGE_STATUSES: Words = {
    LanguageStatus.QUEUED: "`asr` has not begun",
    LanguageStatus.STT: "`asr` is running",
    LanguageStatus.TRANSLATING: "`mt` is next or running",
    LanguageStatus.DUBBING: "`tts` is next or running",
    LanguageStatus.MIXING: "`mix` is next or running",
    LanguageStatus.EXPORTING: "what `mix` made is being stored",
    LanguageStatus.COMPLETE: "its files are there",
    LanguageStatus.FAILED: "one of its stages failed or is dead",
    LanguageStatus.CANCELLED: "stopped by a user",
}
FILE_ROLES: Words = {
    "voice": "a recording without a picture",
    "video": "a recording with a picture",
    "background": "what is to sound under the dub",
    "transcript": "what is said, or its translation, as subtitles or text",
}
UPLOAD_STATUSES: Words = {
    "waiting": "it was not sent, or nobody said that it was (`completeFile`)",
    "verifying": "it is being looked into",
    "refused": "it is of no use: `problem` tells why; another one may be sent",
}
ERROR_KINDS: Words = {
    "rate_limited": "a provider asks to slow down",
    "pending": "a provider has taken the work in and is not done",
    "transient": "trying again may help",
    "permanent": "trying again cannot help",
    "worker_lost": "its worker was not heard of any more",
    "internal": "a fault of Dubline; its log has the details",
}
EVENT_TYPES: Words = {
    EventType.JOB_CREATED: "the job was accepted",
    EventType.JOB_DATA_DELETED: "its files and texts were deleted",
    EventType.SEGMENT_EDITED: "a user changed a line",
    EventType.RUN_CREATED: "a run began",
    EventType.RUN_CANCEL_REQUESTED: "a user asked it to stop",
    EventType.RUN_SUCCEEDED: "all of it is made",
    EventType.RUN_PARTIAL: "it ended with some languages complete",
    EventType.RUN_FAILED: "it ended with nothing complete",
    EventType.RUN_CANCELLED: "it was stopped",
    EventType.STAGE_STARTED: "an attempt began",
    EventType.STAGE_SUCCEEDED: "a stage is done",
    EventType.STAGE_RETRYING: "an attempt failed, and another will follow",
    EventType.STAGE_FAILED: "a stage failed for good",
    EventType.STAGE_DEAD: "a stage is out of attempts",
    EventType.STAGE_CANCELLED: "a stage was stopped",
    EventType.STAGE_SKIPPED: "a stage has nothing to do, or cannot begin",
    EventType.STAGE_HANDED_BACK: "a worker that stops gave it back; no attempt is used up",
}
ARTIFACT_KINDS: Words = {
    ArtifactKind.SEGMENTS_SRC: "what is said in the recording, JSON",
    ArtifactKind.TRANSCRIPT_TXT: "a transcript to read, plain text",
    ArtifactKind.TRANSCRIPT_DOCX: "the same for a word processor",
    ArtifactKind.TRANSCRIPT_SRT: "the same as SubRip",
    ArtifactKind.TRANSCRIPT_VTT: "the same as WebVTT",
    ArtifactKind.SEGMENTS: "what is to be said, JSON",
    ArtifactKind.SPEECH: "the clips that say it, and where each sounds, JSON",
    ArtifactKind.AUDIO: "the dub's sound, AAC",
    ArtifactKind.AUDIO_FLAC: "the same without loss",
    ArtifactKind.STEM_DUB: "the dubbed speech by itself, FLAC",
    ArtifactKind.STEM_BED: "what sounds under it by itself, FLAC",
    ArtifactKind.MIX_INDEX: "what a later mix needs to render only what changed",
    ArtifactKind.SEGMENT_AUDIO: "each line's speech as a file, ZIP",
    ArtifactKind.VIDEO: "the picture with dub, original sound and captions",
    ArtifactKind.VIDEO_CAPTIONED: "with captions drawn into the picture",
    ArtifactKind.VIDEO_ALL: "one film with all languages",
    ArtifactKind.CAPTIONS_SRT: "captions, SubRip",
    ArtifactKind.CAPTIONS_VTT: "captions, WebVTT",
    ArtifactKind.CAPTIONS_TTML: "captions, IMSC 1.1 (TTML)",
    ArtifactKind.CAPTIONS_BILINGUAL_SRT: "captions with the source's text above, SubRip",
    ArtifactKind.CAPTIONS_BILINGUAL_VTT: "the same as WebVTT",
    ArtifactKind.HLS: "what the streams consist of, JSON",
    ArtifactKind.HLS_VIDEO: "the stream of the picture",
    ArtifactKind.HLS_ORIGINAL: "the stream of the original sound",
    ArtifactKind.HLS_DUB: "the stream of the dub",
    ArtifactKind.HLS_SUBTITLES: "the stream of the captions",
    ArtifactKind.REPORT: "how well the dub fits, JSON",
    ArtifactKind.REPORT_HTML: "the same as a page",
    ArtifactKind.REPORT_SOUND: "what the page of a long recording plays of that",
    ArtifactKind.MANIFEST: "every file of the dub, and how it was made, JSON",
}
