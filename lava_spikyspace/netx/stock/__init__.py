"""Plain NetX files of lava-dl: networks without our extension, read without lava-dl or torch.

`reader` reads a file or refuses it, `lint` lists all that is wrong with it, `describe` says what is
in it. `fields` gives typed access to the values of a group, `neurons` and `layers` decode them into
the dataclasses of `description`, `chain` follows the shapes from layer to layer, and `rules` has
the codes of the findings. `selection` tells which layers a run takes, as lava-dl's
``netx.hdf5.Network`` does.

What a file may hold (scalars may also be arrays of one element, integers may be stored as floats
as long as they are whole)::

    /layer/<i>                     a chain: each layer reads the one before, i = 0..n-1
        type                       input, dense, dense_rec, conv or flatten
        shape                      size, or channels x height x width
        weight                     dense: outputs x inputs; conv: outputs x inputs of a group x
                                   height x width; input: factor for whoever feeds it
        weight_rec                 dense_rec: outputs x outputs
        delay                      dense, dense_rec: one for all, for each output, for each input,
                                   or for each weight; 0..62 steps
        bias                       one for each output (dense) or channel (conv); input: as weight
        stride, padding, dilation  conv: one, or height and width
        groups                     conv
        inFeatures, outFeatures, inChannels, outChannels, kernelSize
                                   may be absent; compared with weight
        neuron/type                CUBA or LOIHI (both a leaky integrate-and-fire neuron), or SDNN;
                                   a dense layer without `neuron` integrates and never fires
        neuron/vThMant             threshold
        neuron/iDecay, vDecay      CUBA and LOIHI: decays of current and voltage, of 4096
        neuron/refDelay            1; Lava's process has no longer refractory time
        neuron/gradedSpike         false; Lava's process sends binary spikes
        neuron/wgtExp, weight_exp  0; Lava's processes get no exponent
        neuron/activation          SDNN: relu
        neuron/sigma_output        SDNN: its presence makes the layer send sums, not differences
        neuron/messageBits         width of the message, 0 for binary spikes; may be absent
        neuron/theta, tauRho, scaleRho
                                   of training; without a meaning here
    /simulation                    of training; without a meaning here

Shapes are turned into the order of Lava, (x, y, channel), when a file is read.
"""
