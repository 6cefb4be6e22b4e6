"""What the files are that stages make, by the names that the API gives them."""

from enum import StrEnum


class ArtifactKind(StrEnum):
    """A file that a stage makes; its language, if it has one, is told beside it."""

    SEGMENTS_SRC = "segments_src"  # what is said in the recording: documents.transcripts.Transcript
    TRANSCRIPT_TXT = "transcript_txt"  # the same to be read, or what the dub says
    TRANSCRIPT_DOCX = "transcript_docx"
    TRANSCRIPT_SRT = "transcript_srt"
    TRANSCRIPT_VTT = "transcript_vtt"
    SEGMENTS = "segments"  # what is to be said: documents.transcripts.Translation
    SPEECH = "speech"  # the clips that say it, and where each sounds: documents.speech.Speech
    AUDIO = "audio"  # the dub's sound, AAC
    AUDIO_FLAC = "audio_flac"  # the same without loss
    STEM_DUB = "stem_dub"  # the dubbed speech by itself, FLAC
    STEM_BED = "stem_bed"  # what sounds under it by itself, FLAC
    MIX_INDEX = "mix_index"  # what a later mix needs to render only what changed
    SEGMENT_AUDIO = "segment_audio"  # each line's speech as a file, ZIP
    VIDEO = "video"  # the picture with dub, original sound and captions
    VIDEO_CAPTIONED = "video_captioned"  # with captions drawn into the picture
    VIDEO_ALL = "video_all"  # one film with all languages
    CAPTIONS_SRT = "captions_srt"
    CAPTIONS_VTT = "captions_vtt"
    CAPTIONS_TTML = "captions_ttml"
    CAPTIONS_BILINGUAL_SRT = "captions_bilingual_srt"  # with the source's text above
    CAPTIONS_BILINGUAL_VTT = "captions_bilingual_vtt"
    HLS = "hls"  # what the streams consist of: hls.index.Package
    HLS_VIDEO = "hls_video"
    HLS_ORIGINAL = "hls_original"
    HLS_DUB = "hls_dub"
    HLS_SUBTITLES = "hls_subtitles"
    REPORT = "report"  # how well the dub fits, JSON
    REPORT_HTML = "report_html"  # the same as a page
    REPORT_SOUND = "report_sound"  # what the page of a long recording plays of that
    MANIFEST = "manifest"  # every file of the dub, and how it was made
