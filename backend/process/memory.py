"""Memory that a long-lived process does not keep from the rest of the machine.

glibc keeps what was freed: by itself it gives back only what lies at the end of a pool, and it
opens a pool for each thread, each with something in it that is still in use. Where there is another
C library, without such functions, nothing is done.
"""

import ctypes

M_ARENA_MAX = -8  # of mallopt(3)


def share_pool() -> None:
    """Let all threads share one pool; what was taken from others stays there."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_ARENA_MAX, 1)


def give_back_memory() -> None:
    """Give what is free to the system, wherever in the pools it lies."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
