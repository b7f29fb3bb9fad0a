"""Linear forecast over the elements of a window."""
