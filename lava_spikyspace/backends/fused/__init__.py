"""The fast batch engine: exact float matrix products on BLAS and compiled kernels between them.

Equal, bit for bit, to the NumPy engine (`backends.batch_layers`), which stays as the readable
reference and as the fallback. Nothing here is imported before a run needs it: numba is slow to
load.

Every value of the network is an integer that the file's ranges prove narrow, so each can be held in
the fastest type that is exact for it: float32 below 2**24, float64 below 2**53, int32 below 2**31.
`network_form` proves these widths anew for the network at hand; where one does not hold, there is
no fused form and the NumPy engine runs.

Overlapping windows share what is equal. A value computed for a window at an element is a *node*; a
window holds for each of its elements the number of the node. As long as a window's nodes are those
of the window before, at the same row of the table, nothing is computed (see `sharing`).
"""
