"""Root mean square of the residual stream."""
