"""Headers as lines: what is shared among them is written once, and reads as if each were written whole."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.pacs.dicomweb.dicom_json import json_lines, json_text

VALUES = st.one_of(st.text(max_size=5), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.none())
ELEMENTS = st.lists(st.fixed_dictionaries({"vr": st.just("LO")}, optional={"Value": st.lists(VALUES)}), min_size=1)


@given(data=st.data(), elements=ELEMENTS)
def test_a_line_is_the_compact_json_of_its_header(data: st.DataObject, elements: list[dict[str, object]]) -> None:
    tags = st.integers(0, 0xFFFFFFFF).map(lambda number: f"{number:08X}")
    headers = data.draw(st.lists(st.dictionaries(tags, st.sampled_from(elements), max_size=5), max_size=4))
    assert list(json_lines(headers)) == [json_text(header) for header in headers]
