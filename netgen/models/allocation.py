"""Lets the C library keep memory that was freed, for networks that free and take the same feature maps all the time.

glibc gives large freed blocks back to the kernel at once, which must then clear and map every page anew: a million page
faults for a second of 480 x 272 through a restorer, a fifth of its time.
"""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of the parameters in malloc.h of glibc."""

LARGEST_HEAP_BLOCK_BYTES = 32 << 20
"""Blocks up to this come from the heap; glibc takes no larger threshold."""
KEPT_BYTES = 1 << 30
"""Free memory at the end of the heap that is kept."""


def keep_freed_memory() -> bool:
    """Keep up to a gigabyte of freed memory in this process, from now on.

    Returns
    -------
    bool                            Whether the C library took it: glibc does; elsewhere nothing changes.
    """
    library = _glibc()
    if library is None:
        return False
    taken = library.mallopt(_MMAP_THRESHOLD, LARGEST_HEAP_BLOCK_BYTES)
    return bool(taken and library.mallopt(_TRIM_THRESHOLD, KEPT_BYTES))


def give_freed_memory_back() -> None:
    """Give the kernel what is kept, so that the next high-water mark is not that of what ran before."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    """Return the C library of this process where it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
