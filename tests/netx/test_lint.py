"""Every rule has a file that breaks it; the reader refuses the same files."""

import h5py
import numpy as np
import pytest

from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.netx.lint import RULES, STOCK_RULES, lint_file
from lava_spikyspace.netx.reader import read_network
from netx_export.writer import write_network
from tests.netx.editing import change, edited, layer_id, layer_path, put
from tests.random_networks import random_network

B0 = "blocks.0."
B1 = "blocks.1."
LEFT, RIGHT = "params/left", "params/right"


def set_inputs(file, name, *sources):
    ids = [layer_id(file, source) if isinstance(source, str) else source for source in sources]
    put(file, layer_path(file, name, "@inputs"), np.array(ids))


def set_range(file, name, value, lo, hi):
    put(file, layer_path(file, name, f"width/{value}"), np.array([lo, hi]))


def wider_convolution_codes(file):
    # 7 thresholds: 3 bits, where the scan has tables for 2.
    path = layer_path(file, B0 + "conv", "params/theta")
    change(file, path, lambda theta: np.sort(np.tile(theta, 3))[..., :7])


def fewer_values_of_b(file):
    change(file, layer_path(file, B0 + "B", "weight"), lambda w: w[:2])
    for name in ("mult", "add", "shift"):
        change(file, layer_path(file, B0 + "B", f"params/{name}"), lambda v: v[:2])
    put(file, layer_path(file, B0 + "B", "shape"), np.array([2]))


def both_shifts(file):
    for name in (LEFT, RIGHT):
        change(file, layer_path(file, B0 + "scan", name), np.ones_like)


def one_gate_that_reads_the_input(file):
    set_inputs(file, B1 + "in_proj.gate", "input", B1 + "norm")


def gap_in_the_layer_ids(file):
    file.move("/layer/23", "/layer/31")


BREAKS = {
    "file-version": lambda f: put(f, "/@extension_version", "2.0"),
    "missing-entry": lambda f: f.__delitem__(layer_path(f, B0 + "norm", "params/eps")),
    "unknown-entry": lambda f: put(f, layer_path(f, B0 + "norm", "params/surprise"), 1),
    "entry-kind": lambda f: change(f, layer_path(f, "head", "weight"), lambda w: w.astype(float)),
    "entry-shape": lambda f: change(f, layer_path(f, B0 + "norm", "params/eps"), lambda v: [v]),
    "entry-text": lambda f: put(f, layer_path(f, "head", "@name"), "the head"),
    "value-bounds": lambda f: change(
        f, layer_path(f, "head", "weight"), lambda w: np.full_like(w, -128)
    ),
    "axis-sizes": lambda f: change(f, layer_path(f, B0 + "conv", "weight"), lambda w: w[:, 1:]),
    "layer-type": lambda f: put(f, "/layer/1/type", np.array([b"dense_rec"])),
    "layer-ids": gap_in_the_layer_ids,
    "layer-shape": lambda f: put(f, layer_path(f, "head", "shape"), np.array([1])),
    "layer-names": lambda f: put(f, layer_path(f, B1 + "B", "@name"), B1 + "C"),
    "dangling-input": lambda f: set_inputs(f, "head", 99),
    "input-order": lambda f: set_inputs(f, B0 + "norm", B0 + "out_proj"),
    "input-role": lambda f: set_inputs(f, "head", B1 + "product"),
    "first-and-last": lambda f: f.__delitem__(layer_path(f, "head", "@inputs").split("@")[0]),
    "unread-layer": lambda f: set_inputs(f, B1 + "dt_proj", B0 + "delta"),
    "residual-stream": lambda f: set_inputs(f, "head", B0 + "out_proj"),
    "block-sources": one_gate_that_reads_the_input,
    "channel-count": lambda f: put(f, layer_path(f, B0 + "product", "params/channels"), 3),
    "code-levels": lambda f: change(
        f, layer_path(f, B0 + "in_proj.gate", "params/table"), lambda v: v[:-1]
    ),
    "scan-tables": wider_convolution_codes,
    "scan-states": fewer_values_of_b,
    "head-size": lambda f: put(f, "/deployment@window", 9),
    "quantiser-bits": lambda f: put(f, "/deployment/bits@c", 3),
    "normalisation": lambda f: change(f, "/deployment/normalisation/scale", lambda v: v * 0),
    "variate-names": lambda f: change(f, "/deployment/variates", lambda v: np.full_like(v, b"a")),
    "threshold-order": lambda f: change(
        f, layer_path(f, B0 + "conv", "params/theta"), lambda t: -t
    ),
    "decay-exponents": both_shifts,
    "limb-widths": lambda f: put(
        f, layer_path(f, B0 + "in_proj.gate", "params/limbs"), np.array([3])
    ),
    "product-limbs": lambda f: put(
        f, layer_path(f, B0 + "B", "params/mult_limbs"), np.array([9, 9])
    ),
    "range-order": lambda f: set_range(f, B0 + "scan", "drive", 5, 1),
    "message-width": lambda f: set_range(f, B0 + "scan", "message", 0, 1 << 24),
    "accumulator-width": lambda f: set_range(f, B0 + "B", "product", -(1 << 60), 1 << 60),
    "radicand-width": lambda f: put(f, layer_path(f, B0 + "norm", "params/root_bits"), 28),
    "dense-width": lambda f: set_range(f, "input", "message", -(1 << 23), (1 << 23) - 1),
    "range-proof": lambda f: set_range(f, B0 + "conv", "accumulator", 0, 0),
    "golden-shape": lambda f: change(f, "/golden/inputs", lambda v: v[:1]),
    "golden-range": lambda f: change(f, "/golden/inputs", lambda v: v + (1 << 20)),
    "golden-digests": lambda f: put(f, "/golden/digests@nobody", "0" * 64),
}
UNSEALED_BREAKS = {
    "content-digest": lambda f: change(f, layer_path(f, "head", "params/add"), lambda v: v + 1),
}


OTHER_FAMILY = {"fading-states"}
"""Rules that only networks of the other family can break."""


def codes(findings):
    return [found.code for found in findings]


def test_there_is_a_file_for_every_rule():
    assert {*BREAKS, *UNSEALED_BREAKS, *OTHER_FAMILY} == set(RULES)


def test_rules_say_what_they_demand():
    for code, rule in RULES.items():
        assert code == rule.code == code.lower()
        assert rule.demand
        assert rule.hint
    assert len({rule.demand for rule in RULES.values()}) == len(RULES)


# One change that breaks several rules by its nature.
NOT_ALONE = {
    "block-sources",
    "channel-count",
    "dense-width",
    "first-and-last",
    "head-size",
    "input-order",
    "input-role",
    "layer-ids",
    "layer-names",
    "residual-stream",
    "scan-states",
    "scan-tables",
    "threshold-order",
    "unread-layer",
}


@pytest.mark.parametrize("code", [*BREAKS, *UNSEALED_BREAKS])
def test_a_file_that_breaks_the_rule(code, model, tmp_path):
    seal = code in BREAKS
    path = edited(model, tmp_path / "broken.net", {**BREAKS, **UNSEALED_BREAKS}[code], seal=seal)
    findings = lint_file(path)
    assert code in codes(findings)
    assert code in NOT_ALONE or set(codes(findings)) == {code}
    for found in findings:
        assert found.severity == "error"
        assert found.where
        assert found.message
        assert found.hint
    if code == "range-proof":
        read_network(path)  # the proof is for lint: a run is strict about ranges where asked to be
        return
    with pytest.raises(ModelFileError) as caught:
        read_network(path)
    first = findings[0]
    assert caught.value.message.startswith(f"{path}: {first.where}: {first.message}")
    assert caught.value.hint == first.hint


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "sizes",
    [{}, {"wide": True}, {"blocks": 1, "d_inner": 1, "d_state": 1, "window": 1, "d_conv": 1}],
    ids=["plain", "wide", "small"],
)
def test_valid_files_have_no_findings(seed, sizes, tmp_path):
    path = tmp_path / "model.net"
    write_network(random_network(seed, **sizes), path)
    assert lint_file(path) == []


def test_all_findings_are_collected(model, tmp_path):
    def edit(file):
        BREAKS["entry-kind"](file)
        BREAKS["decay-exponents"](file)
        BREAKS["normalisation"](file)
        BREAKS["golden-shape"](file)

    found = codes(lint_file(edited(model, tmp_path / "broken.net", edit)))
    assert sorted(found) == ["decay-exponents", "entry-kind", "golden-shape", "normalisation"]


def test_a_layer_that_cannot_be_decoded_causes_no_other_findings(model, tmp_path):
    def edit(file):
        for key in file["layer"]:
            del file[f"layer/{key}/shape"]

    found = codes(lint_file(edited(model, tmp_path / "broken.net", edit)))
    assert set(found) == {"missing-entry"}


def test_several_findings_are_counted_in_the_error(model, tmp_path):
    def edit(file):
        BREAKS["decay-exponents"](file)
        BREAKS["normalisation"](file)

    path = edited(model, tmp_path / "broken.net", edit)
    with pytest.raises(ModelFileError, match=r"1 more finding: lss lint"):
        read_network(path)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("/deployment/normalisation@kind", "batch", "normalisation"),
        ("/deployment/normalisation@kind", "instance", "normalisation"),
        ("/deployment/normalisation/mean", np.full(5, np.nan), "normalisation"),
        ("/deployment/normalisation/mean", np.zeros(4), "normalisation"),
        ("/deployment/normalisation/scale", np.full(5, np.inf), "normalisation"),
        ("/deployment/variates", np.array([b"a", b"b"]), "variate-names"),
        ("/deployment/variates", np.array([b"a\xff"] * 5), "entry-text"),
        ("/deployment/bits@z", 2, "quantiser-bits"),
        ("/deployment@window", 0, "value-bounds"),
        ("/provenance", np.array([b"[1]"]), "entry-text"),
        ("/provenance", np.array([b"{"]), "entry-text"),
        ("/golden/forecasts", np.full((2, 3, 5), 1 << 40), "golden-range"),
        ("/golden/digests@head", "0" * 63, "entry-text"),
        ("/@created", "yesterday", "entry-text"),
        ("/@format", "nir", "file-version"),
        ("/@extension", "other", "file-version"),
        ("/@extension_version", "1.99", "file-version"),
        ("/@extension_version", "one", "entry-text"),
        ("/layer/x", 1, "unknown-entry"),
        ("/layer/00/type", 1, "unknown-entry"),
        ("/extra/group/value", 1, "unknown-entry"),
        ("/layer/0/neuron/type", np.array([b"LIF"]), "layer-type"),
        ("/layer/0/neuron/type", 1, "entry-kind"),
        ("/layer/0@inputs", np.array([0]), "layer-type"),
        ("/layer/0@inputs", np.array([-1]), "value-bounds"),
        ("/layer/0/bias", np.zeros(5), "unknown-entry"),
        ("/layer/0/params/frac_bits", 29, "value-bounds"),
        ("/layer/0/params/frac_bits", np.uint64(1 << 63), "value-bounds"),
    ],
)
def test_other_ways_to_break_a_rule(path, value, code, model, tmp_path):
    broken = edited(model, tmp_path / "broken.net", lambda file: put(file, path, value))
    assert codes(lint_file(broken)) == [code]


def test_shifts_and_limbs_out_of_bounds(model, tmp_path):
    def edit(file):
        for name, value in {
            B0 + "B": ("shift", 0),
            B0 + "C": ("shift", 63),
        }.items():
            path = layer_path(file, name, f"params/{value[0]}")
            change(file, path, lambda v, to=value[1]: np.full_like(v, to))
        change(file, layer_path(file, B0 + "scan", RIGHT), lambda v: np.full_like(v, 32))
        change(file, layer_path(file, B1 + "scan", LEFT), lambda v: np.full_like(v, -1))
        for name in ("in_proj.scan", "in_proj.gate"):
            put(file, layer_path(file, B0 + name, "params/limbs"), np.array([0]))
            put(file, layer_path(file, B1 + name, "params/limbs"), np.array([12, 12]))

    findings = lint_file(edited(model, tmp_path / "broken.net", edit))
    assert codes(findings) == ["value-bounds"] * 6 + ["limb-widths"] * 2


def test_stored_inputs_may_be_left_out_where_they_are_the_layer_before(model, tmp_path):
    def edit(file):
        del file["layer/0"].attrs["inputs"]
        del file[layer_path(file, "head", "@inputs").split("@")[0]].attrs["inputs"]

    assert lint_file(edited(model, tmp_path / "model.net", edit)) == []


def test_the_proof_is_exact_where_int64_would_overflow(model, tmp_path):
    """Huge levels, shifts and multipliers must not wrap around into a range that looks proven."""

    def edit(file):
        put(file, layer_path(file, B0 + "B", "params/mult"), np.full(3, (1 << 52) - 1))

    assert "range-proof" in codes(lint_file(edited(model, tmp_path / "a.net", edit)))

    def shift(file):
        path = layer_path(file, B0 + "scan", LEFT)
        change(file, path, lambda v: np.full_like(v, 52))
        change(file, layer_path(file, B0 + "scan", RIGHT), np.zeros_like)
        change(file, layer_path(file, B0 + "scan", "params/level"), lambda v: v * 0 + (1 << 12))

    assert "range-proof" in codes(lint_file(edited(model, tmp_path / "b.net", shift)))

    def root(file):
        put(file, layer_path(file, B0 + "norm", "params/root_bits"), 24)

    assert codes(lint_file(edited(model, tmp_path / "c.net", root))) == ["radicand-width"]


def test_a_file_without_the_extension_is_no_model(tmp_path):
    path = tmp_path / "stock.net"
    with h5py.File(path, "w") as file:
        file["layer/0/type"] = np.array([b"dense"])
    with pytest.raises(ModelFileError, match="not a model file of lava-spikyspace"):
        read_network(path)
    assert {found.code for found in lint_file(path)} <= set(STOCK_RULES)
