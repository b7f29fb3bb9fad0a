"""The model file: NetX HDF5 with integers only, read through one declared schema.

`container` reads HDF5 safely into a `tree`, `schema` says what may stand in it, `decode` and
`encode` go between the tree and a `lava_spikyspace.network.Network`, `rules` check that network;
`reader` and `lint` are the two ways to use all this. `netx_export.writer` writes files.

Layout, attributes behind an ``@``; everything else is a dataset, scalars included::

    /@format                       netx
    /@extension                    spikyspace
    /@extension_version            1.0; a reader takes its major and any minor up to its own
    /@generator, /@created         who wrote it, and when (UTC)
    /@content_sha256               see `tree.content_digest`
    /layer/<i>                     layers in topological order, i = 0..n-1
        @name                      blocks.0.scan
        @inputs                    ids of the layers it reads, in the order of their roles;
                                   absent: the layer before
        type, neuron/type, shape   as NetX has them: text, text, number of neurons (one element)
        weight                     int8, -127..127
        params/<field>             all other integers, see the dataclasses of `network`
        width/<value>              proven [lowest, highest]
    /deployment
        @window, @horizon          elements of a window, steps of a forecast
        variates                   their names; may be absent
        bits@<quantiser>           bits by published name
        formats@<name>             fraction bits and other choices of the exporter
        normalisation@kind         fixed: mean and scale; instance: @eps
    /golden                        may be absent
        inputs, forecasts          recorded windows as integers
        digests@<record>           SHA-256 of the codes, see `digests`
    /provenance                    JSON text, one element

Texts are of fixed length: ASCII, names of variates and provenance UTF-8. The range of the input is
``/layer/0/width/message``. Integers may have any width and byte order; the writer uses int8 for
weights and int64 else. A dataset is contiguous, or one chunk that may be shuffled and deflated.
"""
