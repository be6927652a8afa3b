"""Silence about patients: inside the block and only there."""

import logging
import warnings

import pytest
from pydicom.misc import warn_and_log

from screening.pydicom_logging import quiet_pydicom


def test_pydicom_is_mute_inside_the_block_and_speaks_after_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="pydicom")  # whatever a test before has silenced
    with quiet_pydicom():
        warn_and_log("Surname^Name")
        logging.getLogger("pydicom.pixels.decoders.base").error("Surname^Name")
    assert not caplog.records
    with warnings.catch_warnings(record=True) as spoken:
        warnings.simplefilter("always")
        warn_and_log("again")
    assert [record.message for record in caplog.records] == ["again"]
    assert len(spoken) == 1
