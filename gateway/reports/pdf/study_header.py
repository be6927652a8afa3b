"""Header and footer of a study's page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class StudyHeader:
    """The header and footer of a page, as the principal may see them; `labels` are (label, value) in order."""

    labels: Sequence[tuple[str, str]]
    created_at: datetime
    analysis_id: str
    model_card: str
    picture: bytes | None = field(default=None, repr=False)
