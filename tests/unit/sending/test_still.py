"""The collector of garbage leaves alone what there was before the letters."""

import gc

import pytest

from mailer.sending.still import unlooked_at


def test_what_there_was_before_is_looked_through_again_afterwards() -> None:
    before = gc.get_freeze_count()
    with unlooked_at():
        assert gc.get_freeze_count() > before
    assert gc.get_freeze_count() == 0


def test_it_is_so_after_an_error_too() -> None:
    with pytest.raises(KeyError), unlooked_at():
        raise KeyError
    assert gc.get_freeze_count() == 0
