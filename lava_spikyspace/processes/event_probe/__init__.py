"""Counts the events that a process of `lava.proc` sends, and keeps them where asked to."""
