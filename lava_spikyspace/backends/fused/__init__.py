"""The fast batch engine: exact float matrix products on BLAS and compiled kernels between them.

Equal, bit for bit, to the NumPy engine (`backends.batch_layers`), which stays as the readable
reference and as the fallback. Nothing here is imported before a run needs it: numba is slow to
load.

Every value of the network is an integer that the file's ranges prove narrow, so each can be held in
the fastest type that is exact for it: float32 below 2**24, float64 to 2**53, int32 below 2**31,
int64 beyond. `widths` proves anew, for the network at hand, what each type has to hold: the stream
and its sums with the weights, states and read-out of the scan have a narrow and a wide type, chosen
network by network, and the kernels are compiled for both. Thresholds and multipliers that a file
takes in limbs are taken in the same limbs. A network for which no type is exact has no fused
form and runs on the NumPy engine, which is logged; so does one that is no chain of SpikySpace
blocks.

States and thresholds are compared in explicit vectors (`lanes`). Matrix products and what follows
them go through the nodes in tiles, so that sums do not leave the cache.

Overlapping windows share what is equal. A value computed for a window at an element is a *node*; a
window holds for each of its elements the number of the node. As long as a window's nodes are those
of the window before, at the same row of the table, nothing is computed (see `sharing`).
"""
