"""Makes the demo's recording: two people talk English over music and a moving test picture.

    python -m tests.demo_sample FOLDER

writes talk.mp4, music.flac (the bed alone) and talk.txt (what is said, and when). The voices are
flite's, because PocketSphinx understands them; everything else is computed.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 48_000
FPS = 25
SIZE = (640, 360)
PAUSE_S = 0.9
MUSIC_GAIN = 0.05

DIALOGUE = (
    ("rms", "Good morning. Did you sleep well in the new house?"),
    ("slt", "Yes, thank you. The house is quiet and the garden is beautiful."),
    ("rms", "I am happy to hear that. What do you want to do today?"),
    ("slt", "I would like to visit the old city and see the market."),
    ("rms", "The market opens at nine. We can walk there in twenty minutes."),
    ("slt", "That is a good idea. Can we eat something on the way?"),
    ("rms", "Of course. There is a small restaurant near the river."),
    ("slt", "Then let us go now, before the sun is too strong."),
    ("rms", "Wait a moment. I need to find my keys and my hat."),
    ("slt", "Your keys are on the table, and your hat is behind the door."),
)

Samples = NDArray[np.float32]


def make(folder: Path) -> None:
    """Write the three files; those that are there already are left as they are."""
    if (folder / "talk.mp4").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    spoken = [speak(voice, text) for voice, text in DIALOGUE]
    starts = np.cumsum([PAUSE_S] + [len(clip) / RATE + PAUSE_S for clip in spoken])
    voices = np.zeros(round(float(starts[-1]) * RATE), np.float32)
    for clip, start in zip(spoken, starts[:-1], strict=True):
        first = round(float(start) * RATE)
        voices[first : first + len(clip)] += clip
    bed = music(len(voices))
    soundfile.write(folder / "music.flac", bed, RATE)
    film(folder / "talk.mp4", bed + voices[:, None] * 0.8)
    said = [f"{s:6.2f}  {v}: {t}" for s, (v, t) in zip(starts[:-1], DIALOGUE, strict=True)]
    (folder / "talk.txt").write_text("\n".join(said) + "\n")


def speak(voice: str, text: str, to_rate: int = RATE) -> Samples:
    """The text as flite says it, mono."""
    with TemporaryDirectory() as folder:
        wav = Path(folder) / "line.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(wav)], check=True)
        samples, rate = soundfile.read(wav, dtype="float32")
    times = np.arange(round(len(samples) * to_rate / rate)) * rate / to_rate
    return np.interp(times, np.arange(len(samples)), samples).astype(np.float32)


def music(length: int) -> Samples:
    """Slow chords, stereo: a bed that is plainly there and never in the way."""
    time = np.arange(length) / RATE
    bed = np.zeros((length, 2))
    for first, chord in enumerate([(220, 277.2, 329.6), (196, 246.9, 293.7), (174.6, 220, 261.6)]):
        swell = np.clip(np.sin(2 * np.pi * (time / 12 - first / 3)), 0, None)
        for voice, hertz in enumerate(chord):
            bed[:, 0] += swell * np.sin(2 * np.pi * hertz * time)
            bed[:, 1] += swell * np.sin(2 * np.pi * hertz * 1.002 * time + voice)
    return (bed * MUSIC_GAIN / 3).astype(np.float32)


def picture(count: int) -> Iterator[NDArray[np.uint8]]:
    """Colour bars that drift, and a white block that runs across once a second."""
    width, height = SIZE
    x = np.arange(width)
    for number in range(count):
        bars = ((x + number) // 80) % 8
        frame = np.stack([(bars & 1) * 150, (bars >> 1 & 1) * 150, (bars >> 2) * 150], axis=-1)
        image = np.broadcast_to(frame.astype(np.uint8), (height, width, 3)).copy()
        left = (number % FPS) * (width - 60) // FPS
        image[150:210, left : left + 60] = 255
        yield image


def film(path: Path, sound: Samples) -> None:
    """Encode picture and sound (n, 2) to H.264 and AAC."""
    with av.open(path, "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast"})
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("aac", rate=RATE, layout="stereo")
        step = RATE // FPS
        for number, image in enumerate(picture(-(-len(sound) // step))):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            container.mux(video.encode(frame))
            block = np.ascontiguousarray(sound[number * step : (number + 1) * step].T)
            heard = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            heard.sample_rate, heard.pts = RATE, number * step
            container.mux(audio.encode(heard))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


if __name__ == "__main__":
    make(Path(sys.argv[1]))
