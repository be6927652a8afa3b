"""Free text of DICOM headers in answers: one rule for who may not see names.

What an operator of a scanner writes into a header may be a name. So an answer without names has none of it.
Convolution Kernel is the only such text that reaches an answer: in the table of series, and in the explanation of a
choice by it. Everything else is a number, a UID (`screening.dicom.identity`), a text of ours, or a term that DICOM
defines. A test plants a name into many texts of the headers and searches every answer.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

WITHHELD: Final = ""
CHOSEN_BY_KERNEL: Final = "kernel"  # the code of the reasons whose explanations quote it
EXPLANATION: Final = "The kernel of another series suits the networks better."


def without_free_text(candidates: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The candidate series of a study, with the texts of ours only."""
    return [
        {**one, "kernel": WITHHELD} | ({"explanation": EXPLANATION} if one["reason"] == CHOSEN_BY_KERNEL else {})
        for one in candidates
    ]
