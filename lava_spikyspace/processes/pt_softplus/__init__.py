"""Step size branch: shift-based softplus of a code, encoded again."""
