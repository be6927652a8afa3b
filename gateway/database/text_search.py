"""Text search in a column with an index of trigrams."""

from sqlalchemy import ColumnElement, Text, and_, func
from sqlalchemy.orm import InstrumentedAttribute


def contains_text(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Whether a lower-case column contains the text, in any case; % and _ have no special meaning.

    The index of trigrams finds the candidates, and `contains` decides. A text of fewer than three characters has no
    trigram: then all rows are compared.
    """
    literal = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    candidates = func.trigrams(column).op("@>")(func.trigrams(func.lower(text, type_=Text)))
    return and_(candidates, column.contains(func.lower(literal, type_=Text)))
