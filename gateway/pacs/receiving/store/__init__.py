"""The rows of incoming studies, their instances, and the identifiers of patients."""
