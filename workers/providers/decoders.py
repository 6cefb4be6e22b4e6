"""A PocketSphinx decoder in a process of its own; the other end is pocketsphinx_decoder.py."""

import json
import subprocess
import sys
from contextlib import suppress
from typing import Self

from backend.documents.transcripts import Word
from backend.errors import Transient


class Decoder:
    """A context: inside it the process lives. It also ends when our end of its pipe closes."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "workers.providers.pocketsphinx_decoder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=-1,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        # Closing the pipe fails where samples are left that nobody reads any more.
        with suppress(BrokenPipeError), self._process:
            pass

    def decode(self, pcm: bytes, start: float) -> list[Word]:
        """The words in 16-bit mono samples at 16 kHz that begin at `start` seconds.

        Raises `Transient` when the process has died.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout  # noqa: S101 - both are pipes, see above
        try:
            stdin.write(len(pcm).to_bytes(4, "little") + pcm)
            stdin.flush()
            line = stdout.readline()
        except OSError:
            line = b""
        if not line:
            raise Transient("The speech decoder died; out of memory?")
        return [
            Word(
                text=text,
                start=round(start + first, 3),
                end=round(start + last, 3),
                confidence=round(min(1.0, confidence), 3),
            )
            for text, first, last, confidence in json.loads(line)
        ]
