"""The PDF report: one page for each study, in English or Russian."""
