"""A call to a vendor: one deadline for all of it, and its failures told in our words.

The time-outs of sockets are for each read and write, so an answer that trickles never runs into
one. Therefore a call is made by a thread of its own, and nobody waits for it any longer when its
time is over; that thread ends with its connection.
"""

from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic
from typing import TypeVar

import httpx

from backend.errors import DublineError, Transient
from workers.providers.vendor_errors import VendorFailure, build_error

LOOK_EVERY_S = 1.0

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class VendorLine:
    """Calls of one vendor.

    `describe` reads the errors of the vendor's SDK, and gives None for any other; `key` must be in
    no message.
    """

    vendor: str
    describe: Callable[[Exception], VendorFailure | None]
    key: str = field(repr=False)

    def ask(
        self,
        operation: str,
        ask: Callable[[], Answer],
        deadline_s: float,
        *,
        text: str = "",
        check: Callable[[], None] = lambda: None,
    ) -> Answer:
        """The answer; raises `Transient` when `deadline_s` seconds have passed without.

        `text` is what the call is about, which is in no message either; `check` is called again and
        again meanwhile and may raise.
        """
        try:
            return wait_for_answer(ask, deadline_s, check)
        except DublineError:
            raise
        except TimeoutError:
            raise Transient(f"{self.vendor}: {operation} took more than {deadline_s:g} s") from None
        except httpx.TransportError as error:
            reason = VendorFailure(message=type(error).__name__)
            raise build_error(self.vendor, operation, reason) from None
        except Exception as error:
            failure = self.describe(error)
            if failure is None:
                raise
            raise build_error(self.vendor, operation, failure, (self.key, text)) from None


def wait_for_answer(
    ask: Callable[[], Answer], deadline_s: float, check: Callable[[], None]
) -> Answer:
    """What `ask` returns or raises; raises `TimeoutError` when it takes too long."""
    answer: Future[Answer] = Future()
    Thread(target=_settle, args=(answer, ask), daemon=True).start()
    end = monotonic() + deadline_s
    while not answer.done():
        left = end - monotonic()
        if left <= 0:
            raise TimeoutError
        wait([answer], timeout=min(left, LOOK_EVERY_S))
        check()
    return answer.result()


def _settle(answer: Future[Answer], ask: Callable[[], Answer]) -> None:
    try:
        answer.set_result(ask())
    except BaseException as error:
        answer.set_exception(error)
