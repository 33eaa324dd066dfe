"""How much of the memory that was given back the C library keeps."""

import ctypes
import platform

ARENAS = 2
_M_ARENA_MAX = -8  # glibc's malloc.h


def bound_arenas() -> None:
    """Let all threads of this process share two of glibc's arenas; does nothing where there is another C library.

    Each run of a page is a thread of its own, and glibc gives threads up to eight arenas a processor, each of which
    keeps what it was given back. Works only for arenas that do not exist yet: to be called before threads are many.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
