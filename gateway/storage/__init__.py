"""Storage: blobs by their SHA-256 and data derived from them, in a folder or in S3."""
