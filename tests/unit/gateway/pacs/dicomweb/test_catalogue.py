"""The list of instances as bytes."""

import gzip
import json
from dataclasses import asdict

import pytest

from gateway.pacs.dicomweb.catalogue import Instance, Place, Series, pack, unpack
from screening.dicom.part10 import PixelSpan

PLACE = Place(copied=False, offset=7, length=100, packing=8, checksum=None, size=300)


@pytest.mark.parametrize("pixels", [None, PixelSpan(1024, None), PixelSpan(10, 20, deflated_from=5)])
def test_a_list_of_instances_is_read_as_it_was_written(pixels: PixelSpan | None) -> None:
    attributes = {"00080018": {"vr": "UI", "Value": ["1.2"]}}
    instance = Instance("1.2", "1.3", "1.2.840.10008.1.2", True, 1, PLACE, pixels, attributes)
    series = Series("1.4", "CT", True, {"00080060": {"vr": "CS", "Value": ["CT"]}}, (instance, instance))
    packed = pack([series])
    assert unpack(packed) == (series,)
    assert gzip.decompress(packed).decode() == json.dumps([asdict(series)])
