"""The HTTP calls of prediction, model card and operating point."""
