"""SPikE-SSM-style networks: S4D blocks with spiking neurons, trained in parallel over a sequence.

The paper (arXiv 2410.17268) published no code and no hyper-parameters. What stands here fits every
statement that it makes and is our own reading, hence "SPikE-SSM-style":

    n_t = BatchNorm(x_t)                                  folded into the next layer at export
    h_t = a * h_{t-1} + n_t                               complex diagonal state, zero-order hold
    I_t = 2 Re(c . h_t) + D n_t                           what the neuron integrates
    u_t = tau u_{t-1} + I_t - theta s_{t-1} - R_t         leaky integrate-and-fire, soft reset
    R_t = kr R_{t-1} + r s_{t-1}                          refractory current
    s_t = [u_t >= theta]
    x_t <- x_t + W s_t,  or  x_t + (W s_t) * sigma2(V s_t)    mixer: linear, or gated

with ``sigma2(x) = 2**(x - 1)`` below 0 and ``1 - 2**(-x - 1)`` from 0 on.
"""
