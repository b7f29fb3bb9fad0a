"""Models own what they are given, as if each ran in a process of its own."""

import threading

import numpy as np
import pytest

pytest.importorskip("lava")

from lava.magma.core.run_configs import Loihi2SimCfg
from scipy.sparse import csr_matrix

from lava_spikyspace.runtime.inprocess import InProcessRuntime
from tests.runtime.inprocess.lava_models import models as m


def build(**parameters):
    process, sink = m.Brake(at=0, **parameters), m.RecorderInt64((1,), 3)
    process.s_out.connect(sink.a_in)
    runtime = InProcessRuntime(process, Loihi2SimCfg())
    return process, sink, runtime, runtime.model(process).proc_params


def test_parameters_are_copied():
    table = {"values": np.arange(3), "again": [1]}
    process, _, _, parameters = build(table=table)
    assert parameters["table"]["again"] == [1]
    assert parameters["table"] is not table
    assert not np.shares_memory(parameters["table"]["values"], table["values"])
    assert process.proc_params["table"] is table


def test_what_is_one_object_stays_one_object():
    table = [1, 2]
    _, _, _, parameters = build(one=table, other=table)
    assert parameters["one"] is parameters["other"]


def test_processes_ports_and_vars_are_not_copied():
    process, sink = m.Brake(at=0), m.RecorderInt64((1,), 3)
    process.s_out.connect(sink.a_in)
    process.proc_params["friends"] = [sink, sink.a_in, sink.raw]
    parameters = InProcessRuntime(process, Loihi2SimCfg()).model(process).proc_params
    assert parameters["friends"] is not process.proc_params["friends"]
    for copied, original in zip(parameters["friends"], [sink, sink.a_in, sink.raw], strict=True):
        assert copied is original


def test_what_cannot_be_copied_is_shared_and_logged(caplog):
    lock = threading.Lock()
    _, _, _, parameters = build(lock=lock, table=[1])
    assert parameters["lock"] is lock
    assert parameters["table"] == [1]
    assert "parameter lock of Process_" in caplog.text
    assert "cannot be copied (cannot pickle '_thread.lock' object)" in caplog.text


def test_initial_values_stay_as_they_are():
    matrix = csr_matrix(np.diag([1, 2]))
    changer, sink = m.ParameterChanger([1], matrix), m.RecorderInt64((1,), 3)
    changer.s_out.connect(sink.a_in)
    with InProcessRuntime(changer, Loihi2SimCfg()) as runtime:
        runtime.run(2)
        assert runtime.get(changer.matrix).diagonal().tolist() == [3, 4]
    assert matrix.diagonal().tolist() == [1, 2]
    assert changer.proc_params["table"] == [1]
