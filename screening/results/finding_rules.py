"""Which of the 16 findings the weights in force can tell, and from which score on: a part of the model card."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Self

from screening.contract import FINDINGS, FindingsKind
from screening.results.volume_rule import MAXIMUM, VolumeRule


@dataclass(frozen=True)
class FindingRules:
    """`thresholds` holds the findings that these weights were measured to tell, and no other (docs/adr/0025).

    A threshold is on the finding's score of a study, which `volume_rule` makes of its values in the slices; it is the
    findings' own, so that a site which chooses another rule for the verdict keeps what was measured. Raises ValueError
    for a name that is not one of the 16 and for a threshold that is not inside (0, 1).
    """

    kind: FindingsKind
    thresholds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    volume_rule: VolumeRule = MAXIMUM

    def __post_init__(self) -> None:
        unknown = sorted(set(self.thresholds) - set(FINDINGS))
        if unknown:
            raise ValueError(f"the model card has thresholds of unknown findings: {', '.join(unknown)}")
        for name, threshold in self.thresholds.items():
            if not 0.0 < threshold < 1.0:
                raise ValueError(f"the threshold {threshold} of {name} is not inside (0, 1)")

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> Self:
        """The rules of a model card; raises ValueError, KeyError or TypeError.

        A card of before this section says nothing of what its weights can tell: then no finding is assessed.
        """
        section = card.get("findings")
        if section is None:
            return cls(FindingsKind.SOFTMAX)
        thresholds = {name: figures["threshold"] for name, figures in section["assessed"].items()}
        rule = VolumeRule.from_json(section["volume_rule"])
        return cls(FindingsKind(section["kind"]), MappingProxyType(thresholds), rule)


NONE_ASSESSED: Final = FindingRules(FindingsKind.SOFTMAX)
