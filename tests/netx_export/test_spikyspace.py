"""The model: names, forward pass against a restatement, recording, frozen decay."""

import math

import pytest
import torch
from torch.nn import functional

from lava_spikyspace.errors import InternalError
from netx_export.activations import pt_silu, pt_softplus
from netx_export.spikyspace import RECORD_NAMES, RMSNorm, SpikySpace, parameter_count
from tests.netx_export.small import small_config, small_model

PUBLISHED_NAMES = {
    "norm.weight": (5,),
    "mixer.in_proj.weight": (8, 5),
    "mixer.conv1d.weight": (4, 1, 3),
    "mixer.conv1d.bias": (4,),
    "mixer.x_proj.weight": (8, 4),
    "mixer.dt_proj.weight": (4, 2),
    "mixer.dt_proj.bias": (4,),
    "mixer.A_log": (4, 3),
    "mixer.D": (4,),
    "mixer.out_proj.weight": (5, 4),
    **{f"mixer.{clip}": () for clip in RECORD_NAMES},
}


def test_state_dict_of_the_published_rule_has_the_published_names_and_no_others():
    entries = SpikySpace(small_config(zero_point="published")).state_dict()
    expected = {
        f"layers.{i}.{name}": shape for i in range(2) for name, shape in PUBLISHED_NAMES.items()
    }
    expected |= {"forecast_head.weight": (2, 6), "forecast_head.bias": (2,)}
    assert {name: tuple(value.shape) for name, value in entries.items()} == expected


def test_learned_and_frozen_zero_points_stand_below_their_quantiser():
    model, _ = small_model(zero_point="learned")
    model.quantizers()["blocks.1.conv"].freeze(0.25)
    entries = model.state_dict()
    assert "layers.0.mixer.clip_c.zero_point" in entries
    assert entries["layers.1.mixer.clip_s.frozen_zero_point"].item() == 0.25
    assert "layers.0.mixer.clip_s.frozen_zero_point" not in entries


@pytest.mark.parametrize("rule", ["none", "learned", "published"])
def test_saving_and_loading_is_the_identity(rule):
    model, windows = small_model(zero_point=rule)
    model.quantizers()["blocks.0.conv"].freeze(-0.5)
    other = SpikySpace(model.config).eval()
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        assert torch.equal(other(windows), model(windows))
    assert {name: value.tolist() for name, value in other.state_dict().items()} == {
        name: value.tolist() for name, value in model.state_dict().items()
    }


def _restated(entries, config, x):
    """The published forward pass, written from its description, in the dtype of x."""

    def softplus(v):
        switch = math.log2(1 / math.log(2))
        return torch.where(v < switch, 2.0**v, v + 1 / math.log(2) - switch)

    def silu(v):
        power = (math.sqrt(1 + 2 * math.log(2) ** 2) - 1) / (2 * math.log(2))
        switch = math.log2(power)
        offset = -power - 1 / (2 * power) - switch
        return torch.where(v < switch, -(2.0**v), 2.0 ** (-v - 1) + v + offset)

    def unsigned(v, alpha, bits):
        m = v.min()
        z = torch.sign(m) * 2.0 ** torch.round(torch.log2(m.abs()))
        return torch.clamp(torch.round((v - z) / alpha), 0, 2**bits - 1) * alpha + z

    d, n, r = config.inner_channels, config.d_state, config.step_rank
    for i in range(config.layers):
        p = {
            name.split(f"layers.{i}.", 1)[1]: value
            for name, value in entries.items()
            if name.startswith(f"layers.{i}.")
        }
        m = {name.removeprefix("mixer."): value for name, value in p.items()}
        hidden = x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-5) * p["norm.weight"]
        a, gate = (hidden @ m["in_proj.weight"].T).split(d, dim=-1)
        a = unsigned(a, m["clip_c"], 2)
        padded = functional.pad(a.transpose(1, 2), (2, 0))
        u = functional.conv1d(padded, m["conv1d.weight"], m["conv1d.bias"], groups=d)
        u = unsigned(u.transpose(1, 2), m["clip_s"], 2)
        rank, B, C = (u @ m["x_proj.weight"].T).split([r, n, n], dim=-1)
        delta = unsigned(rank, m["clip_delta"], 2) @ m["dt_proj.weight"].T + m["dt_proj.bias"]
        delta = unsigned(softplus(unsigned(delta, m["clip_pts"], 5)), m["clip_delta1"], 2)
        A = -torch.exp(m["A_log"])
        h = torch.zeros(x.shape[0], d, n, dtype=x.dtype)
        ys = []
        for t in range(x.shape[1]):
            decay = 2.0 ** torch.round(delta[:, t, :, None] * A)
            h = decay * h + delta[:, t, :, None] * B[:, t, None, :] * u[:, t, :, None]
            h = unsigned(h, m["clip_x"], 2)
            ys.append((h * C[:, t, None, :]).sum(-1) + m["D"] * u[:, t])
        y = torch.stack(ys, 1)
        y = torch.clamp(torch.round(y / m["clip_y"]), -2, 1) * m["clip_y"]
        gate = silu(unsigned(gate, m["clip_y1"], 5))
        x = x + (y * gate) @ m["out_proj.weight"].T
    head = entries["forecast_head.weight"], entries["forecast_head.bias"]
    return functional.linear(x.transpose(1, 2), *head).transpose(1, 2)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_published_forward_pass(seed):
    model, windows = small_model(seed, zero_point="published")
    model, windows = model.double(), windows.double()
    with torch.no_grad():
        expected = _restated(model.state_dict(), model.config, windows)
        assert torch.allclose(model(windows), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "sizes",
    [
        {"layers": 1, "d_inner": 1, "d_state": 1, "dt_rank": 1, "d_conv": 1, "horizon": 1},
        {"window": 1, "d_conv": 5},
        {"d_model": 1, "d_inner": None, "expand": 0.2, "dt_rank": "auto"},
        {"bits": {"c": 1, "s": 3, "delta": 4, "pts": 6, "delta1": 1, "x": 1, "y": 1, "y1": 4}},
    ],
)
@pytest.mark.parametrize("rule", ["none", "learned", "published"])
def test_odd_sizes_run_and_have_gradients(sizes, rule):
    model, windows = small_model(zero_point=rule, **sizes)
    model.train()
    forecast = model(windows)
    assert forecast.shape == (7, model.config.horizon, model.config.d_model)
    forecast.pow(2).sum().backward()
    assert all(
        torch.isfinite(parameter.grad).all()
        for parameter in model.parameters()
        if parameter.grad is not None
    )


def test_the_convolution_looks_back_only():
    model, windows = small_model()
    later = windows.clone()
    later[:, 4:] += 3.0
    with model.record() as before, torch.no_grad():
        model(windows)
    with model.record() as after, torch.no_grad():
        model(later)
    for name in ("blocks.0.conv", "blocks.0.scan"):
        assert torch.equal(before[name][0].codes[:, :4], after[name][0].codes[:, :4])
        assert not torch.equal(before[name][0].codes, after[name][0].codes)


def test_recording_sees_every_quantiser_once_and_the_state_every_step():
    model, windows = small_model()
    with model.record() as calls, torch.no_grad():
        model(windows)
    assert set(calls) == {
        f"blocks.{i}.{layer}" for i in range(2) for layer in RECORD_NAMES.values()
    }
    for name, seen in calls.items():
        assert len(seen) == (6 if name.endswith("scan.state") else 1)
    assert calls["blocks.0.scan.state"][0].codes.shape == (7, 4, 3)
    assert calls["blocks.0.scan"][0].codes.shape == (7, 6, 4)
    quantizer = model.quantizers()["blocks.1.conv"]
    call = calls["blocks.1.conv"][0]
    assert torch.equal(quantizer.codes(call.input), call.codes)
    with torch.no_grad():
        model(windows)
    assert len(calls["blocks.1.conv"]) == 1  # recording has ended


def test_int8_weights_change_the_forecast_a_little():
    model, windows = small_model(weights="int8")
    plain = SpikySpace(small_config(weights="float")).eval()
    plain.load_state_dict(model.state_dict())
    with model.record() as rounded, plain.record() as exact, torch.no_grad():
        model(windows)
        plain(windows)
    name = "blocks.0.in_proj.scan"
    a, b = rounded[name][0].input, exact[name][0].input
    assert not torch.equal(a, b)
    assert torch.allclose(a, b, atol=0.05)


def test_the_gain_is_part_of_the_int8_weights():
    model, windows = small_model(weights="int8")
    block = model.layers[0]
    with torch.no_grad():
        block.norm.weight.copy_(torch.tensor([1.0, 0.1, 3.0, 0.5, 2.0]))
        with model.record() as calls:
            model(windows)
        folded = block.mixer.in_proj.weight * block.norm.weight
        scale = folded.abs().amax(1, keepdim=True) / 127
        weight = torch.round(folded / scale) * scale
        expected = RMSNorm.normalise(windows) @ weight.T
    assert torch.allclose(calls["blocks.0.in_proj.scan"][0].input, expected[..., :4], atol=1e-6)


@pytest.mark.parametrize("rule", ["none", "learned"])
def test_decay_exponents_are_those_of_the_forward_pass(rule):
    model, windows = small_model(zero_point=rule)
    mixer = model.mixers[0]
    with torch.no_grad():
        mixer.A_log.add_(0.3 * torch.randn(mixer.A_log.shape))
        expected = model(windows)
        table = mixer.decay_exponents()
        assert table.dtype == torch.int64
        assert table.shape == (4, 4, 3)
        mixer.decay_table = table
        assert torch.equal(model(windows), expected)
        mixer.decay_table = table - 1
        assert not torch.equal(model(windows), expected)


def test_decay_exponents_are_computed_in_float32_whatever_the_model_is():
    model, _ = small_model()
    table = model.decay_exponents()
    assert all(
        torch.equal(a, b) for a, b in zip(table, model.double().decay_exponents(), strict=True)
    )


def test_decay_exponents_need_a_frozen_zero_point():
    model, _ = small_model(zero_point="published")
    with pytest.raises(InternalError, match="frozen"):
        model.decay_exponents()
    model.quantizers()["blocks.0.dt_proj"].freeze(0.25)
    table = model.mixers[0].decay_exponents()
    step = model.quantizers()["blocks.0.dt_proj"].step.item()
    assert table[0].tolist() == [[round(-0.25 * n) for n in (1, 2, 3)]] * 4
    assert table[3, 0, 2].item() == round(-(0.25 + 3 * step) * 3)


@pytest.mark.parametrize(
    ("rule", "learns"), [("none", True), ("learned", True), ("published", False)]
)
def test_decay_rates_learn_except_under_the_published_rule(rule, learns):
    model, windows = small_model(zero_point=rule, d_state=1)
    for mixer in model.mixers:
        # Long memory and fine state steps: without them the tiny scan may be silent.
        with torch.no_grad():
            mixer.A_log.fill_(-2.0)
            mixer.quantizer("clip_x").step.fill_(0.05)
    model(windows).pow(2).sum().backward()
    gradients = [mixer.A_log.grad for mixer in model.mixers]
    moved = any(gradient is not None and bool(gradient.abs().sum() > 0) for gradient in gradients)
    assert moved is learns


def test_the_head_starts_as_a_linear_forecast_but_for_small_corrections():
    model, windows = small_model(weights="float")
    weight, bias = torch.randn(2, 6), torch.randn(2)
    model.start_head(weight, bias, out_proj_gain=0.0)
    with torch.no_grad():
        forecast = model(windows)
    expected = torch.einsum("hw,bwv->bhv", weight, windows) + bias[:, None]
    assert torch.allclose(forecast, expected, atol=1e-5)


def test_ablating_the_scan_leaves_the_skip_path():
    model, windows = small_model()
    with model.ablated_scan(), model.record() as calls, torch.no_grad():
        model(windows)
    u = calls["blocks.0.conv"][0].values
    assert torch.allclose(calls["blocks.0.scan"][0].input, model.mixers[0].D * u)
    assert calls["blocks.0.scan.state"] == []
    assert not model.mixers[0].scan_ablated


def test_dropout_acts_in_training_only():
    model, windows = small_model()
    model.set_input_dropout(0.5)
    with torch.no_grad():
        assert torch.equal(model(windows), model(windows))
        model.train()
        assert not torch.equal(model(windows), model(windows))


def test_published_sizes_have_the_published_number_of_used_parameters():
    config = small_config(
        zero_point="published", d_model=321, window=168, horizon=3, layers=3, d_inner=64,
        d_state=32, dt_rank=21,
    )  # fmt: skip
    # 0.227 M in the released files, of which res_proj (64 * 64 + 64 per layer) is never used.
    assert round((parameter_count(SpikySpace(config)) + 3 * (64 * 64 + 64)) / 1e6, 3) == 0.227


def test_the_scan_starts_spread_or_as_published():
    mixer = SpikySpace(small_config(d_inner=64)).mixers[0]
    spread = -torch.exp(mixer.A_log)
    assert spread[0].tolist() == pytest.approx([-0.05, -1.025, -2.0])
    assert mixer.dt_proj.bias.min() < -1.5
    assert mixer.dt_proj.bias.max() > 0.5
    published = -torch.exp(SpikySpace(small_config(zero_point="published")).mixers[0].A_log)
    assert published[3].tolist() == pytest.approx([-1.0, -2.0, -3.0])


def test_the_skip_starts_at_zero_unless_the_scan_starts_as_published():
    assert SpikySpace(small_config()).mixers[0].D.abs().sum() == 0
    assert SpikySpace(small_config(zero_point="published")).mixers[0].D.tolist() == [1.0] * 4
    assert SpikySpace(small_config(skip_start=0.5)).mixers[0].D.tolist() == [0.5] * 4


def test_a_model_that_is_not_quantised_is_its_float_equations():
    model, windows = small_model(quantised=False, layers=1, skip_start=0.7)
    mixer = model.mixers[0]
    with torch.no_grad(), model.record() as calls:
        forecast = model(windows)
        x = windows.double()
        block = model.double().layers[0]
        a, gate = (block.norm(x) @ mixer.in_proj.weight.T).chunk(2, dim=-1)
        u = mixer._convolve(a)
        ranks, B, C = torch.split(u @ mixer.x_proj.weight.T, [2, 3, 3], dim=-1)
        delta = pt_softplus(ranks @ mixer.dt_proj.weight.T + mixer.dt_proj.bias)
        h, outputs = torch.zeros(7, 4, 3).double(), []
        for t in range(6):
            step = delta[:, t, :, None]
            h = (
                torch.exp2(step * -torch.exp(mixer.A_log)) * h
                + step * B[:, t, None] * u[:, t, :, None]
            )
            outputs.append((h * C[:, t, None]).sum(-1) + 0.7 * u[:, t])
        x = x + (torch.stack(outputs, 1) * pt_silu(gate)) @ mixer.out_proj.weight.T
        head = model.forecast_head
        expected = (x.transpose(1, 2) @ head.weight.T + head.bias).transpose(1, 2)
    assert torch.allclose(forecast.double(), expected, atol=1e-5)
    assert not any(calls.values())


@pytest.mark.parametrize("activations", ["shift", "exact"])
def test_activations_are_those_of_the_settings(activations):
    mixer = SpikySpace(small_config(activations=activations)).mixers[0]
    x = torch.tensor([-3.0, 0.0, 2.0])
    exact = torch.nn.functional.softplus(x), torch.nn.functional.silu(x)
    same = torch.equal(mixer.softplus(x), exact[0]) and torch.equal(mixer.silu(x), exact[1])
    assert same is (activations == "exact")
