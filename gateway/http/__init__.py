"""What all HTTP calls share: authorization, errors, entity tags, ranges, multipart, security headers."""
