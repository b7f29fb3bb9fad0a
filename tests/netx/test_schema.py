from lava_spikyspace.families import LAYER_TYPES
from lava_spikyspace.network import Interval, stored_fields
from lava_spikyspace.netx.schema import (
    BOUNDS,
    LAYER_ENTRIES,
    LAYER_KEYS,
    LAYER_NAME,
    REGISTER_BITS,
    WIDE_MESSAGE_BITS,
)


def test_every_stored_field_has_bounds():
    used = {name for layer_type in LAYER_TYPES for name in stored_fields(layer_type)}
    assert used == set(BOUNDS)
    for bounds in BOUNDS.values():
        assert Interval.signed(REGISTER_BITS).contains(bounds)


def test_type_neuron_type_and_number_of_inputs_tell_the_layer_types_apart():
    assert sorted(LAYER_KEYS.values(), key=str) == sorted(LAYER_TYPES, key=str)


def test_entries_of_a_layer_type_have_different_paths():
    for entries in LAYER_ENTRIES.values():
        paths = [entry.path for entry in entries]
        assert len(set(paths)) == len(paths)


def test_bounds_follow_from_the_widths_of_messages():
    assert BOUNDS["residual_bits"].hi == WIDE_MESSAGE_BITS
    assert (BOUNDS["weight"].lo, BOUNDS["weight"].hi) == (-127, 127)
    assert (BOUNDS["shift"].lo, BOUNDS["shift"].hi) == (1, 62)
    assert (BOUNDS["right"].lo, BOUNDS["right"].hi) == (0, 31)


def test_layer_names():
    for name in ("input", "blocks.0.in_proj.scan", "a-b"):
        assert LAYER_NAME.fullmatch(name)
    for name in ("", ".", "a.", ".a", "a..b", "a b", "a/b", "a@b", "ä"):
        assert not LAYER_NAME.fullmatch(name)
