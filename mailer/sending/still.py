"""Keeps Python's collector of garbage from looking through the whole program while letters leave."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def unlooked_at() -> Generator[None]:
    """What there is now is not looked through for garbage during the block; what is made in it is.

    A full collection stops all threads for a tenth of a second in a process that has loaded boto3 and SQLAlchemy: every
    call that is due then leaves late, and after it they crowd.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
