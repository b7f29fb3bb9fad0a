"""Lava processes of the tests: alone in their folder, all of which Lava runs to find models."""
