"""`lava_spikyspace.arithmetic.random24`: period, range, reproducibility."""

import numpy as np

from lava_spikyspace.arithmetic.random24 import next_random, random_sequence, seed_states

PERIOD = (1 << 24) - 1
PRIME_FACTORS = (3, 5, 7, 13, 17, 241)


def matrix():
    """Return one step as a matrix over GF(2): row i is what bit i becomes."""
    columns = next_random(np.int64(1) << np.arange(24))
    return (columns[:, None] >> np.arange(24) & 1).astype(np.int64)


def power(base, exponent):
    result = np.eye(24, dtype=np.int64)
    while exponent:
        if exponent & 1:
            result = result @ base % 2
        base = base @ base % 2
        exponent >>= 1
    return result


def test_the_period_is_full():
    assert np.prod(np.array([9, *PRIME_FACTORS[1:]])) == PERIOD
    identity = np.eye(24, dtype=np.int64)
    assert np.array_equal(power(matrix(), PERIOD), identity)
    for factor in PRIME_FACTORS:
        assert not np.array_equal(power(matrix(), PERIOD // factor), identity)


def test_seeds_give_states_of_24_bits_that_differ():
    states = np.concatenate([seed_states(seed, 300) for seed in range(5)])
    assert states.min() >= 1
    assert states.max() <= PERIOD
    assert len(np.unique(states)) == len(states)


def test_numbers_are_spread_evenly():
    numbers = random_sequence(seed_states(7, 64), 2000)
    counts, _ = np.histogram(numbers, bins=16, range=(0, 1 << 24))
    assert np.abs(counts / numbers.size - 1 / 16).max() < 0.003
    assert abs(np.corrcoef(numbers[:-1].ravel(), numbers[1:].ravel())[0, 1]) < 0.02


def test_a_sequence_continues_from_its_states():
    states = seed_states(1, 4)
    whole = random_sequence(states, 6)
    assert np.array_equal(whole[3:], random_sequence(whole[2], 3))
