"""pydicom's messages, which may quote patient data, are suppressed inside the block only."""

import logging
import warnings

import pytest
from pydicom.misc import warn_and_log

from screening.dicom.pydicom_logging import suppress_pydicom_warnings


def test_pydicom_is_silent_inside_the_block_and_not_after_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="pydicom")  # whatever a test before has silenced
    with suppress_pydicom_warnings():
        warn_and_log("Surname^Name")
        logging.getLogger("pydicom.pixels.decoders.base").error("Surname^Name")
    assert not caplog.records
    with warnings.catch_warnings(record=True) as spoken:
        warnings.simplefilter("always")
        warn_and_log("again")
    assert [record.message for record in caplog.records] == ["again"]
    assert len(spoken) == 1


def test_blocks_that_overlap_in_two_threads_end_with_the_last(caplog: pytest.LogCaptureFixture) -> None:
    """Levels and filters are those of the process: what the first block found is restored, whoever ends first."""
    caplog.set_level(logging.WARNING, logger="pydicom")
    filters = list(warnings.filters)
    first, second = suppress_pydicom_warnings(), suppress_pydicom_warnings()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    warn_and_log("Surname^Name")
    second.__exit__(None, None, None)
    assert not caplog.records
    assert list(warnings.filters) == filters
    logging.getLogger("pydicom").warning("again")
    assert [record.message for record in caplog.records] == ["again"]
