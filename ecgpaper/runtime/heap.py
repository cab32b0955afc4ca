"""The process's heap: what one page no longer needs is given back before the next one.

Public: `give_back`, `bound_caches`. Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import sys
import traceback

# Convolutions that oneDNN keeps ready, of 1,024 by default: each size of picture brings its own.
KEPT_CONVOLUTIONS = 32


def give_back() -> None:
    """Return memory that nothing needs any more to the system.

    Where an error is on its way, it empties the finished frames that this one and those behind it
    came through. An error that is kept, or that a frame of its own traceback knows, keeps their
    arrays alive: 150 to 470 MB a page, until Python looks for cycles. What was called from where
    stays readable.

    glibc keeps what was freed between blocks that are still in use. Pages of many shapes leave ever
    other gaps: a process that had digitized 16 odd images held 2.1 GB, of which one page needs 0.9.
    """
    _forget_frames(sys.exc_info()[1])
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _forget_frames(error: BaseException | None) -> None:
    seen: set[int] = set()
    left = [error]
    while left:
        each = left.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            traceback.clear_frames(each.__traceback__)
            left += [each.__cause__, each.__context__]


def bound_caches() -> None:
    """Have torch's CPU library keep few convolutions ready; what the user has set wins.

    To be called before the first network runs. Odd pages have ever other sizes: a process that had
    digitized 26 odd images peaked at 2.0 GB, and with so few at 1.8.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(KEPT_CONVOLUTIONS))
