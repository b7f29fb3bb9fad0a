"""Operations on values of several words against Python's integers."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lava_spikyspace.hardware.microcode.expansion import expand
from lava_spikyspace.hardware.microcode.interpreter import Neurons
from lava_spikyspace.hardware.microcode.listing import parse_listing
from lava_spikyspace.hardware.microcode.lowering import lower
from lava_spikyspace.hardware.microcode.words import join_words, split_words, words_for

LISTING = """
program one: one operation on two values
param   X Y Z N
input   x : X
input   y : Y
reg     a : X
reg     b : Y
reg     c : Z
state   z : Z
out     done
code
    RDC     a, x
    RDC     b, y
    {}
    MOV     z, c
    SPIKE   done, 1
end
"""


def computed(statement: str, x: int, y: int, widths: tuple[int, int, int], n: int = 0) -> int:
    """Return what a statement makes of two values; `widths` are those of x, y and the result."""
    sizes = dict(zip("XYZ", widths, strict=True), N=n)
    listing = parse_listing(LISTING.format(statement), {}.__getitem__)
    program = lower(expand(listing, sizes))
    neurons = Neurons(program, (1,), {})
    for name, value, bits in (("x", x, widths[0]), ("y", y, widths[1])):
        words = split_words(value, words_for(bits))
        names = [name] if len(words) == 1 else [f"{name}.{i}" for i in range(len(words))]
        neurons.inputs.update({n: np.full(1, w) for n, w in zip(names, words, strict=True)})
    neurons.step()
    found = [neurons.states[name] for name in program.states]
    return int(join_words(found)[0])


def fitting(bits: int) -> st.SearchStrategy[int]:
    """Return numbers of a width: anywhere, small, and about the ends of words."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    near = st.builds(
        lambda place, step, sign: sign * (1 << place) + step,
        st.integers(0, bits - 2),
        st.integers(-2, 2),
        st.sampled_from((-1, 1)),
    )
    return st.one_of(st.integers(low, high), st.integers(-5, 5), near.filter(lambda v: low <= v))


widths = st.sampled_from((20, 24, 25, 30, 40, 46, 47, 60))


@given(st.data(), widths, widths, widths, st.sampled_from((0, 0, 3, 22, 30)))
def test_products_that_fit(data, x_bits, y_bits, z_bits, shift):
    """However many words the factors have, and however few the product."""
    x, y = data.draw(fitting(x_bits)), data.draw(fitting(y_bits))
    value = (x * y) >> shift
    most = (1 << (z_bits - 1)) - 1
    if not -most <= value <= most:
        x = x % 4 - 2  # a code times a wide value
        value = (x * y) >> shift
    assume(-most <= value <= most)
    assert computed("MUL_SHR c, a, b, N", x, y, (x_bits, y_bits, z_bits), shift) == value


@pytest.mark.parametrize(("x", "y"), [(-1, -1089724), (-2, -1), (-1, 1 << 24), (3, -(1 << 25))])
def test_both_factors_and_the_product_have_two_words(x, y):
    assert computed("MUL_SHR c, a, b, 0", x, y, (26, 26, 30)) == x * y


@given(st.data(), widths, widths)
def test_sums_and_the_smaller_of_two(data, x_bits, y_bits):
    x, y = data.draw(fitting(x_bits)), data.draw(fitting(y_bits))
    bits = max(x_bits, y_bits) + 1
    assert computed("ADD c, a, b", x, y, (x_bits, y_bits, bits)) == x + y
    assert computed("MIN c, a, b", x, y, (x_bits, y_bits, bits)) == min(x, y)
    assert computed("NEG c, a", x, y, (x_bits, y_bits, bits)) == -x


@given(st.data(), widths, st.integers(-20, 20))
def test_shifts(data, bits, places):
    x = data.draw(fitting(bits))
    wide = bits + max(places, 0)
    assert computed("SHL c, a, N", x, 0, (bits, 20, wide), places) == (
        x << places if places > 0 else x >> -places
    )
