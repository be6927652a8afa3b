"""Where the lungs are, and how much of them a study shows: mask, anatomy, survey, coverage."""
