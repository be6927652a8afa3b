"""A report as a page to print: one for each study, in English or Russian."""
