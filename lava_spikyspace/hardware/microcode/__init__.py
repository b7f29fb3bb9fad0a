"""Neuron programs in the operations that Intel has published for Loihi 2, and their interpreter.

Intel's brief on Loihi 2 names the operations of a neuron program and says what kind each is;
encodings, register count, program length and the width of the multiplier are not public. So every
operation has a meaning of ours (`operations`), and what a program shows is this: the neuron can be
computed in these operations on 24-bit registers, bit for bit.

Listings (``programs/*.lmc``) are read by `listing`, bound to the sizes of a layer by `expansion`,
turned into instructions on single words by `lowering`, checked by `validation` and `paths`, and run
by `interpreter`. `splitting` says which neuron kinds a layer is on the chip and which synapses
connect them; `engine` runs a whole network of them.
"""
