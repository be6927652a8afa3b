"""The thresholds of coverage, with their evidence. Lengths in mm, areas in cm2, volumes in ml.

"At hand" are eight adults with HU: one normal, one pneumonia, six lung cancers (three data sets, steps of 2 to 8 mm).
Thresholds lie outside what they show, and outside published adult ranges; where they differ, a study is refused rather
than called normal.
"""

from typing import Final

# --- which parts of the air are lung ---
LEAST_SECTION_CM2: Final = 3.0  # of one lung in a slice; the lung mask has no part under 4
LEAST_LUNG_ML: Final = 50.0  # less is an airway, bowel gas or what is left in a lung without air
JOINED_WITHIN_MM: Final = 150.0  # two runs of one lung with an airless band between; the highest band of the kit is 60
JOINED_FROM_CM2: Final = 15.0  # a run that is joined has such a section; bowel gas seldom passes the lung mask so large
JOINED_FROM_SHARE: Final = 0.12  # of the lung's largest section

# --- size: adult lungs on CT at full inspiration hold 3 to 7 l and are 200 to 300 mm high (ATS/ERS predicted TLC) ---
LEAST_HEIGHT_MM: Final = 180.0  # at hand 205 to 305
LEAST_VOLUME_ML: Final = 2000.0  # both lungs; at hand 2,700 to 7,300; a child of ten has some 2,000

# --- both sides: the right lung holds 53 to 57 % of a healthy pair, so the smaller is 0.75 to 0.9 of the larger ---
LEAST_SIDE_RATIO: Final = 0.6  # at hand 0.72 (beside a tumour of the hilum) to 1.0
BASES_APART_MM: Final = 45.0  # at hand at most 24
APICES_APART_MM: Final = 30.0  # at hand at most 8

# --- ends: a lung tapers, at the apex by 2 to 3.5 cm2 a mm, in the recess above the lowest ribs by 1 to 2.5 ---
END_CM2: Final = 12.0
END_CM2_PER_MM: Final = 3.5  # times the distance to the next slice, which shows no lung
CUT_CM2: Final = (
    12.0  # of one lung in the first or last slice of the stack: the tip of a recess may be missing, no more
)

# --- steps: where the dome of the diaphragm begins, a section changes most; at hand by 47 cm2 in 6 mm ---
STEP_CM2: Final = 40.0
STEP_CM2_PER_MM: Final = 6.0

# --- valleys: between two sections, one with far less lung than the largest above it and below it ---
VALLEY_SHARE: Final = 0.3  # at hand at least 0.6

# --- the chest wall: a lung's edge lies 2 to 14 mm from the ribs at hand; dependent atelectasis of 5 mm is usual ---
WALL_GAP_MM: Final = 15.0
WALL_WINDOW_MM: Final = 12.0  # up and down: ribs lie some 25 mm apart, so each window meets one
WINDOW_SLICES: Final = 4  # with fewer, a window may lie between two ribs; ...
NEXT_BONE_MM: Final = 32.0  # ... the bone behind them, a shoulder blade or the next rib, lies 17 to 30 mm away at hand
LOWER_SHARE: Final = 0.5  # of a lung's height, from below: ribs slant, so that each slice there meets one (500 at hand)
LEAST_LAYER_MM: Final = 4.0  # of height; a gap in one thin slice lies between two ribs
SLIVER_CM2: Final = (
    12.0  # a smaller section is too narrow to tell by one slice alone; up to 30 at most 9 mm at hand (157)
)
APEX_MM: Final = 25.0  # beneath the top of a lung no rib lies straight behind it
LATERAL_SHARE: Final = 0.65  # of the height, from the top: farther down liver and spleen touch the side wall
LEAST_WALL_SHARE: Final = 0.5  # of a lung's sections must meet a rib within their window, or no rib cage was seen

# --- the edge of the field ---
EDGE_MM: Final = 10.0  # of the slice's edge that a lung touches; at hand none touches it

# --- views ---
WIDEST_STEP_MM: Final = 20.5  # high-resolution protocols take a slice every 10 to 20 mm
