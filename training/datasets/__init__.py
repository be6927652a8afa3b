"""Adapters of data sets: each reads the published layout of one source and yields entries."""

from types import MappingProxyType
from typing import Final

from training.datasets.ct_rate import ct_rate
from training.datasets.dicom_folders import dicom_with_labels
from training.datasets.entry import Adapter, Entry, InvalidDataset
from training.datasets.grey_stacks import grey_stacks_with_manifest
from training.datasets.marked_lesions import dicom_with_lesion_masks
from training.datasets.mosmed_covid_1110 import mosmed_covid_1110
from training.datasets.mosmed_ldct import mosmed_ldct
from training.datasets.mosmed_tables import mosmed_cancer_type_viii, mosmed_covid_46, mosmed_covid_type_i
from training.datasets.slice_manifest import slices_with_manifest

ADAPTERS: Final = MappingProxyType[str, Adapter](
    {
        "mosmed_ldct": mosmed_ldct,
        "mosmed_covid_type_i": mosmed_covid_type_i,
        "mosmed_covid_1110": mosmed_covid_1110,
        "mosmed_cancer_type_viii": mosmed_cancer_type_viii,
        "mosmed_covid_46": mosmed_covid_46,
        "ct_rate": ct_rate,
        "slices": slices_with_manifest,
        "stacks": grey_stacks_with_manifest,
        "dicom": dicom_with_labels,
        "marked": dicom_with_lesion_masks,
    }
)

__all__ = ["ADAPTERS", "Adapter", "Entry", "InvalidDataset"]
