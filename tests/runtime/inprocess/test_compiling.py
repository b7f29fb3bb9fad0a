"""What the in-process runtime cannot run is refused by name."""

import numpy as np
import pytest

pytest.importorskip("lava")

from lava.magma.compiler.compiler_graphs import ProcGroupDiGraphs
from lava.magma.core.decorator import implements, requires
from lava.magma.core.model.model import AbstractProcessModel
from lava.magma.core.resources import CPU
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.magma.core.sync.domain import SyncDomain
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.dense.process import Dense
from lava.proc.lif.process import LIF

from lava_spikyspace.errors import BackendUnavailableError
from lava_spikyspace.runtime.inprocess import InProcessRuntime
from lava_spikyspace.runtime.inprocess.compiling import compile_graph
from tests.runtime.inprocess.lava_models import models as m


@implements(proc=m.Relay, protocol=LoihiProtocol)
@requires(CPU)
class CLikeRelayModel(AbstractProcessModel):
    """Stands for a C or neurocore model: no Python model at all."""


def test_asynchronous_protocol():
    free, sink = m.Free(name="loose"), m.RecorderInt64((1,), 3)
    free.s_out.connect(sink.a_in)
    with pytest.raises(
        BackendUnavailableError,
        match=r"FreeModel of loose::Free \(not a Python model of the Loihi protocol\)",
    ) as caught:
        InProcessRuntime(free, Loihi2SimCfg())
    assert caught.value.exit_code == 4
    assert "multiprocessing" in caught.value.hint


def test_other_than_python_models():
    relay = m.Relay(name="hard")
    relay.s_out.connect(m.RecorderInt64((1,), 3).a_in)
    run_cfg = Loihi2SimCfg(exception_proc_model_map={m.Relay: CLikeRelayModel})
    with pytest.raises(BackendUnavailableError, match="CLikeRelayModel of hard::Relay"):
        InProcessRuntime(relay, run_cfg)


def test_model_without_a_protocol():
    class Undeclared(m.RelayModel):
        implements_protocol = None

    relay = m.Relay(name="vague")
    relay.s_out.connect(m.RecorderInt64((1,), 3).a_in)
    run_cfg = Loihi2SimCfg(exception_proc_model_map={relay: Undeclared})
    with pytest.raises(
        BackendUnavailableError, match=r"vague::Relay \(its protocol is not declared\)"
    ):
        InProcessRuntime(relay, run_cfg)


def test_a_refused_model_inside_a_hierarchy():
    layer = m.Layer(np.ones((1, 1)), vth=1)
    run_cfg = Loihi2SimCfg(select_tag="fixed_pt", exception_proc_model_map={Dense: CLikeRelayModel})
    m.EmitterInt32(np.ones((1, 1))).s_out.connect(layer.s_in)
    with pytest.raises(BackendUnavailableError, match="No subcompiler exists"):
        InProcessRuntime(layer, run_cfg)


def test_several_synchronisation_domains():
    emitter, sink = m.EmitterInt32(np.ones((1, 1))), m.RecorderInt64((1,), 3)
    emitter.s_out.connect(sink.a_in)
    domain = SyncDomain("own", LoihiProtocol(), [sink])
    run_cfg = Loihi2SimCfg(custom_sync_domains=[domain])
    with pytest.raises(BackendUnavailableError, match="has 2 synchronisation domains") as caught:
        InProcessRuntime(emitter, run_cfg)
    assert "own" in caught.value.message


def test_concatenation_which_lava_does_not_implement():
    one, other = (m.EmitterInt32(np.ones((1, 2))) for _ in range(2))
    sink = m.RecorderInt64((4,), 3)
    one.s_out.concat_with(other.s_out, axis=0).connect(sink.a_in)
    with pytest.raises(BackendUnavailableError, match="ConcatPorts are not yet supported"):
        InProcessRuntime(one, Loihi2SimCfg())


def test_lavas_own_errors_pass_through():
    neurons = LIF(shape=(1,))
    with pytest.raises(AssertionError, match="No ProcessModels found with tag 'no_such_tag'"):
        InProcessRuntime(neurons, Loihi2SimCfg(select_tag="no_such_tag"))


def test_models_are_chosen_as_lava_chooses_them(monkeypatch):
    """The search for candidates is shared per class; every process is asked about by itself."""
    neurons = [LIF(shape=(2,)) for _ in range(3)]
    layers = [Dense(weights=np.eye(2)) for _ in range(3)]
    for lif, dense in zip(neurons, layers, strict=True):
        lif.s_out.connect(dense.s_in)
    for dense, lif in zip(layers, neurons[1:], strict=False):
        dense.a_out.connect(lif.a_in)
    searched = []
    search = ProcGroupDiGraphs._find_proc_models

    def counting_search(proc):
        searched.append(type(proc))
        return search(proc)

    monkeypatch.setattr(ProcGroupDiGraphs, "_find_proc_models", staticmethod(counting_search))
    run_cfg = Loihi2SimCfg(select_tag="floating_pt", exception_proc_model_map={})
    executable = compile_graph(neurons[0], run_cfg)
    assert sorted(kind.__name__ for kind in searched) == ["Dense", "LIF"]
    assert run_cfg.exception_proc_model_map == {}
    assert {type(p).__name__: p.model_class.__name__ for p in executable.proc_builders} == {
        "LIF": "PyLifModelFloat",
        "Dense": "PyDenseModelFloat",
    }
