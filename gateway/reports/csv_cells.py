"""Lines of CSV that a spreadsheet opens as text, in every locale.

A spreadsheet runs a cell that begins with one of `=+-@` as a formula (OWASP, CSV injection), and clients choose file
names and comments. Where a locale separates cells by `;` or by tabs, quotes do not hold: the line is cut anew at these
letters, so the beginning of a cell is after each of them too.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

# A sign at the start, or after what any program takes as the end of a cell, with white space and quotes between: they
# are dropped. Full-width forms count: some spreadsheets fold them (U+FF1D and so on).
_FORMULA: Final = re.compile(r"""(^|[;,|\t\r\n\v\f\x85\u2028\u2029])([\s"']*)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])""")
_LEADING: Final = re.compile(r"^(?=[\t\r\n])")


def csv_header(names: Iterable[str]) -> str:
    """The line of the columns' names, which are ours and need no quotes."""
    return ",".join(names) + "\n"


def csv_line(cells: Iterable[Any]) -> str:
    """One line (RFC 4180, with a line feed); texts are quoted, numbers are not, and None is an empty cell."""
    return ",".join(map(_cell, cells)) + "\n"


def escape_formulas(text: str) -> str:
    """The text with an apostrophe before each sign that would begin a formula, and before a leading tab or newline."""
    return _LEADING.sub("'", _FORMULA.sub(r"\1\2'", text))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return repr(value)
    quoted = escape_formulas(str(value)).replace('"', '""')
    return f'"{quoted}"'
