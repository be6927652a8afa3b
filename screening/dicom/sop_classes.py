"""The SOP classes of images that can be screened (PS3.4 B.5)."""

from typing import Final

from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage

CT_IMAGES: Final = frozenset({CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage})
