"""Processes for tests, in a folder of their own: Lava imports all modules beside a process."""
