"""The rows of reports and feedback, and the sums over them."""
