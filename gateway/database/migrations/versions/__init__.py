"""Every step, in the order of its number. A step that was released is never changed."""
