"""Rescale Slope and Intercept that are missing in some slices of a series: taken from the others, and said."""

from collections.abc import Sequence
from dataclasses import replace

from screening.dicom.slice_header import SliceHeader

_TAKEN = "Rescale Slope and Intercept are missing; those of the other slices of the series are used."


def complete_rescale(slices: Sequence[SliceHeader]) -> tuple[SliceHeader, ...]:
    """The slices of a series, each with a rescale, where all that have one have the same.

    Else they stay as they are. Whether the values so made are Hounsfield units is checked by `hu_plausibility`.
    """
    scan = [one for one in slices if one.modality == "CT" and one.pixels is not None]
    stated = {(one.rescale.slope, one.rescale.intercept, one.rescale.unit) for one in scan if one.rescale.stated}
    if len(stated) != 1:
        return tuple(slices)
    ((slope, intercept, unit),) = stated

    def completed(one: SliceHeader) -> SliceHeader:
        if one.modality != "CT" or one.pixels is None or one.rescale.stated:
            return one
        rescale = replace(one.rescale, slope=slope, intercept=intercept, unit=unit, taken=True)
        return replace(one, rescale=rescale, oddities=(*one.oddities, _TAKEN))

    return tuple(completed(one) for one in slices)
