"""The rows of analyses, attempts and job leases, and the job queue."""
