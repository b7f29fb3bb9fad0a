"""A Lava process of one's own: it smooths a stream of windows; `new_process.py` puts it to work."""
