"""Floor 1: from data sets to judged networks; torch lives here."""
