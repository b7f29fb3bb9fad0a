"""Every rule about plain NetX files has files that break it; errors are refused by the reader."""

import numpy as np
import pytest

from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.netx.lint import lint_file, rules_for
from lava_spikyspace.netx.stock.reader import read_stock
from lava_spikyspace.netx.stock.rules import STOCK_RULES, WARNINGS
from tests.netx.stock.building import (
    chain_of_dense_layers,
    conv,
    convolutions_in_groups,
    cuba,
    dense,
    flatten,
    layer,
    recurrent,
    sdnn,
    weights,
    write_stock,
)

RNG = np.random.default_rng(3)
matrix = weights(RNG, 4, 6)
square = weights(RNG, 4, 4, largest=60)
GOOD = dense(matrix, cuba())
SOURCE = layer("input", [4, 9, 7], cuba())


def without(values, *names):
    return {name: value for name, value in values.items() if name not in names}


def grouped(**changes):
    source, first, *_ = convolutions_in_groups()
    return [source, first | changes]


BREAKS = {
    "missing-entry": [
        ([without(GOOD, "weight")], "/layer/0/weight"),
        ([without(GOOD, "shape")], "/layer/0/shape"),
        ([without(GOOD, "type")], "/layer/0/type"),
        ([without(GOOD, "neuron/vThMant")], "/layer/0/neuron/vThMant"),
        ([without(GOOD, "neuron/iDecay")], "/layer/0/neuron/iDecay"),
        ([without(GOOD, "neuron/type")], "/layer/0/neuron/type"),
        ([without(GOOD, "type") | {"type/inner": 1}], "/layer/0/type"),
        ([SOURCE, without(grouped()[1], "groups")], "/layer/1/groups"),
        ([SOURCE, without(grouped()[1], *cuba())], "/layer/1/neuron/type"),
        ([without(recurrent(matrix, square, cuba()), "weight_rec")], "/layer/0/weight_rec"),
    ],
    "unknown-entry": [
        ([GOOD | {"surprise": 1}], "/layer/0/surprise"),
        ([GOOD | {"weight_rec": square}], "/layer/0/weight_rec"),
        ([GOOD | {"neuron/thDecay": 3}], "/layer/0/neuron/thDecay"),
        ([GOOD | {"extra/value": 3}], "/layer/0/extra"),
        (grouped(delay=np.ones(6)), "/layer/1/delay"),  # lava-dl drops it
        ([dense(matrix, sdnn(), **{"neuron/iDecay": 5})], "/layer/0/neuron/iDecay"),
    ],
    "entry-kind": [
        ([GOOD | {"weight": matrix + 0.5}], "/layer/0/weight"),
        ([GOOD | {"weight": np.where(matrix > 0, np.nan, matrix)}], "/layer/0/weight"),
        ([GOOD | {"weight": np.where(matrix > 0, np.inf, matrix)}], "/layer/0/weight"),
        ([GOOD | {"weight": matrix.astype("f8") * 2.0**60}], "/layer/0/weight"),
        ([GOOD | {"weight": np.array([b"text"])}], "/layer/0/weight"),
        ([GOOD | {"type": 3}], "/layer/0/type"),
        ([GOOD | {"neuron/type": 3}], "/layer/0/neuron/type"),
        ([GOOD | {"neuron/iDecay": 0.5}], "/layer/0/neuron/iDecay"),
    ],
    "entry-shape": [
        ([GOOD | {"weight": matrix[None]}], "/layer/0/weight"),
        ([GOOD | {"weight": matrix[:, :0]}], "/layer/0/weight"),
        ([GOOD | {"type": np.array([b"dense", b"conv"])}], "/layer/0/type"),
        ([GOOD | {"neuron/vThMant": np.array([40, 41])}], "/layer/0/neuron/vThMant"),
        (grouped(stride=np.array([1, 2, 3])), "/layer/1/stride"),
        (grouped(weight=np.ones((6, 2, 3, 2, 2))), "/layer/1/weight"),
        (grouped(weight=np.ones((6, 12))), "/layer/1/weight"),
    ],
    "value-bounds": [
        ([GOOD | {"weight": np.where(matrix == matrix.min(), -257, matrix)}], "/layer/0/weight"),
        ([GOOD | {"neuron/vThMant": 1 << 18}], "/layer/0/neuron/vThMant"),
        ([GOOD | {"neuron/vThMant": np.uint64((1 << 64) - 1)}], "/layer/0/neuron/vThMant"),
        ([GOOD | {"neuron/vDecay": 4097}], "/layer/0/neuron/vDecay"),
        ([GOOD | {"neuron/gradedSpike": 2}], "/layer/0/neuron/gradedSpike"),
        ([GOOD | {"bias": np.full(4, 40_000)}], "/layer/0/bias"),
        ([GOOD | {"delay": 63}], "/layer/0/delay"),
        ([GOOD | {"delay": -1}], "/layer/0/delay"),
        ([GOOD | {"shape": np.array([0])}], "/layer/0/shape"),
        ([GOOD | {"neuron/messageBits": 25}], "/layer/0/neuron/messageBits"),
        (grouped(groups=0), "/layer/1/groups"),
        (grouped(stride=np.array([0, 1])), "/layer/1/stride"),
        (grouped(dilation=128), "/layer/1/dilation"),
    ],
    "layer-ids": [([], "/layer")],
    "layer-type": [
        ([layer("average", [4])], "/layer/0/type"),
        ([layer("pool", [4]), GOOD], "/layer/0/type"),
        ([GOOD | {"type": np.array([b"dense_comp"])}], "/layer/0/type"),
        ([GOOD | {"type": np.array([b"\xff\xfe"])}], "/layer/0/type"),
    ],
    "neuron-type": [
        ([GOOD | {"neuron/type": "RF_PHASE"}], "/layer/0/neuron/type"),
        ([GOOD | {"neuron/type": "ALIF", "neuron/thDecay": 3}], "/layer/0/neuron/type"),
        ([layer("input", [6], cuba()) | {"neuron/type": "ADRF"}, GOOD], "/layer/0/neuron/type"),
    ],
    "not-simulated": [
        ([GOOD | {"neuron/refDelay": 2}], "/layer/0/neuron/refDelay"),
        ([GOOD | {"neuron/gradedSpike": True}], "/layer/0/neuron/gradedSpike"),
        ([GOOD | {"neuron/wgtExp": 1}], "/layer/0/neuron/wgtExp"),
        ([GOOD | {"neuron/weight_exp": 2}], "/layer/0/neuron/weight_exp"),
        ([dense(matrix, sdnn(activation="tanh"))], "/layer/0/neuron/activation"),
        ([dense(matrix, sdnn(sigma_output=True), bias=np.ones(4))], "/layer/0/bias"),
    ],
    "weight-clipped": [
        ([GOOD | {"weight": np.where(matrix == matrix.max(), 255, matrix)}], "/layer/0/weight"),
        ([recurrent(np.full((4, 6), 255), square, cuba())], "/layer/0/weight"),
    ],
    "layer-shape": [
        ([GOOD | {"shape": np.array([5])}], "/layer/0/weight"),
        ([GOOD | {"shape": np.array([2, 2])}], "/layer/0/shape"),
        ([GOOD | {"inFeatures": 7}], "/layer/0/inFeatures"),
        ([GOOD | {"outFeatures": 7}], "/layer/0/outFeatures"),
        ([GOOD | {"bias": np.ones(3)}], "/layer/0/bias"),
        ([GOOD | {"delay": np.ones(5)}], "/layer/0/delay"),
        ([GOOD | {"delay": np.ones((6, 4))}], "/layer/0/delay"),
        ([recurrent(matrix, matrix, cuba())], "/layer/0/weight_rec"),
        ([recurrent(matrix, square, cuba(), delay=1)], "/layer/0/delay"),
        (grouped(bias=np.ones(1)), "/layer/1/bias"),
        (grouped(shape=np.array([6, 7, 6])), "/layer/1/shape"),
        (grouped(kernelSize=np.array([2, 3])), "/layer/1/kernelSize"),
        (grouped(inChannels=2), "/layer/1/inChannels"),
        (grouped(outChannels=4), "/layer/1/outChannels"),
        (
            [layer("input", [8, 9, 7], cuba()), grouped(groups=4, inChannels=8)[1]],
            "/layer/1/groups",
        ),
        ([SOURCE, conv([6, 1, 1], np.ones((6, 4, 12, 2)), cuba())], "/layer/1/shape"),
    ],
    "layer-input": [
        ([GOOD, dense(weights(RNG, 3, 5), cuba())], "/layer/1/weight"),
        ([layer("input", [7], cuba()), GOOD], "/layer/1/weight"),
        ([SOURCE, flatten(252), GOOD], "/layer/2/weight"),
        ([SOURCE, flatten(250)], "/layer/1/shape"),
        (grouped(weight=np.ones((6, 3, 3, 2)), inChannels=6), "/layer/1/weight"),
    ],
    "layer-order": [
        ([GOOD, layer("input", [4], cuba())], "/layer/1/type"),
        ([grouped()[1]], "/layer/0/type"),
        ([SOURCE, GOOD], "/layer/1/type"),
        ([layer("input", [6]), conv([1, 1, 1], np.ones((1, 1, 1, 1)), cuba())], "/layer/1/type"),
        ([SOURCE, flatten(252)], "/layer/1/type"),
        ([SOURCE, flatten(252), flatten(252), GOOD], "/layer/2/type"),
        (
            [SOURCE, flatten(252), conv([1, 1, 1], np.ones((1, 252, 1, 1)), cuba())],
            "/layer/2/type",
        ),
        ([GOOD, flatten(4), dense(weights(RNG, 2, 4), cuba())], "/layer/1/type"),
    ],
    "weight-altered": [
        ([GOOD | {"weight": -np.abs(matrix) * 0 - 128 * np.eye(4, 6)}], "/layer/0/weight"),
        ([GOOD | {"weight": np.full((4, 6), -256)}], "/layer/0/weight"),
        ([GOOD | {"weight": -255 * np.eye(4, 6)}], "/layer/0/weight"),
        ([recurrent(matrix, -128 * np.eye(4), cuba())], "/layer/0/weight_rec"),
    ],
    "delayed-recurrence": [
        ([recurrent(square, square, cuba(), delay=1)], "/layer/0/delay"),
    ],
}
CASES = [(code, *case) for code, cases in BREAKS.items() for case in cases]


@pytest.mark.parametrize(("code", "layers", "where"), CASES)
def test_a_file_that_breaks_a_rule(code, layers, where, tmp_path):
    path = write_stock(tmp_path / "broken.net", layers)
    findings = lint_file(path)
    assert (code, where) in {(found.code, found.where) for found in findings}
    for found in findings:
        assert found.message
        assert found.hint
    if code in WARNINGS:
        assert {found.severity for found in findings} == {"warning"}
        assert read_stock(path)
    else:
        with pytest.raises(ModelFileError, match=r"found|reads"):
            read_stock(path)


def test_every_rule_is_broken_by_a_file():
    assert set(BREAKS) == set(STOCK_RULES)


def test_gaps_in_the_ids(tmp_path):
    import h5py

    path = write_stock(tmp_path / "x.net", [GOOD])
    with h5py.File(path, "r+") as file:
        file.move("layer/0", "layer/1")
    assert [found.code for found in lint_file(path)] == ["layer-ids"]
    with h5py.File(path, "r+") as file:
        file.move("layer/1", "layer/first")
    assert {found.code for found in lint_file(path)} == {"layer-ids", "unknown-entry"}


def test_one_fault_is_found_once(tmp_path):
    layers = chain_of_dense_layers()
    layers[2] |= {"type": np.array([b"average"])}
    path = write_stock(tmp_path / "x.net", layers)
    found = [(one.code, one.where) for one in lint_file(path)]
    assert found == [("layer-type", "/layer/2/type")]


def test_rules_depend_on_the_kind_of_file(tmp_path, model):
    assert rules_for(write_stock(tmp_path / "x.net", [GOOD])) is STOCK_RULES
    assert rules_for(model) is not STOCK_RULES


def test_rules_are_worded_alike():
    for code, rule in STOCK_RULES.items():
        assert rule.code == code
        assert rule.demand[0].islower() or rule.demand.startswith("Lava")
        assert not rule.demand.endswith(".")
