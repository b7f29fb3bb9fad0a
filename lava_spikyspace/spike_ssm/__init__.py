"""Integer layers of SPikE-SSM-style networks: what they mean, prove, plan and compute.

One block reads the residual stream x and adds to it,

    n = saturate((x*mult + add) >> shift)                          ChannelNormLayer
    h = (a*h >> decay_bits) + (n << left >> right)                 S4dLayer, complex h and a
    I = saturate((sum_n Re(c_n h_n) + d*n) >> shift)
    u = (leak*u >> leak_bits) + I - theta*s - R,  s = [u >= theta]  SpikingLayer
    x + ((W s) * sigma2(V s) >> shift)                             LinearLayer, SigmoidGateLayer,
                                                                   GluLayer

The float form with its training is in `netx_export.spike_ssm`.
"""
