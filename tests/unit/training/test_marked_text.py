"""The part of a page between two marks is replaced; all else stays, byte for byte."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from training.marked_text import replace_between

BEGIN, END = "<!-- begin -->", "<!-- end -->"
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r<>"), max_size=40)


@settings(max_examples=40)
@given(TEXT, TEXT, st.lists(TEXT, max_size=4), st.lists(TEXT, max_size=4))
def test_what_stands_outside_the_marks_stays(before: str, after: str, first: list[str], second: list[str]) -> None:
    with TemporaryDirectory() as folder:
        page = Path(folder) / "page.md"
        page.write_text(f"{before}{BEGIN}\nold\n{END}{after}", "utf-8", newline="")
        replace_between(page, BEGIN, END, first)
        replace_between(page, BEGIN, END, second)
        once = page.read_text("utf-8")
        replace_between(page, BEGIN, END, second)
        assert page.read_text("utf-8") == once
        assert once.startswith(f"{before}{BEGIN}")
        assert once.endswith(f"{END}{after}")
        assert all(line in once for line in second)
        assert "old" not in once.removeprefix(before).removesuffix(after)


def test_a_page_without_marks_gets_them_and_a_missing_one_is_made(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "card.md"
    replace_between(page, BEGIN, END, ["one"])
    replace_between(page, "<!-- other -->", "<!-- /other -->", ["two"])
    text = page.read_text("utf-8")
    assert text.index("one") < text.index("<!-- other -->") < text.index("two")
