"""What the processes have in common before any model runs."""

import numpy as np
import pytest
from lava.magma.core.process.process import AbstractProcess

from lava_spikyspace.processes.builders import BUILDERS
from lava_spikyspace.processes.causal_conv.process import CausalConv
from lava_spikyspace.processes.framed_process import Watch, sum_ports
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.product.process import Product

SCHEDULE = Schedule(window=3, windows=2)


def test_name_is_optional():
    assert Product(channels=2, schedule=SCHEDULE, name="gate").name == "gate"
    assert Product(channels=2, schedule=SCHEDULE).name.startswith("Process_")


@pytest.mark.parametrize(("limbs", "ports"), [((), 0), ((3,), 2), ((3, 4), 3)])
def test_events_are_counted_on_the_message_and_its_limbs(limbs, ports):
    product = Product(channels=2, output_limbs=limbs, schedule=SCHEDULE)
    assert product.event_ports == ("message", "limb0", "limb1", "limb2")[: ports + 1]


def test_results_are_the_counters_and_what_is_kept():
    plain = Product(channels=2, schedule=SCHEDULE)
    recorded = Product(channels=2, schedule=SCHEDULE, watch=Watch(record=True))
    assert [var.name for var in plain.results] == ["counters"]
    assert [var.name for var in recorded.results] == ["counters", "record"]
    assert recorded.record.shape == (6, 2)


def test_synapses_send_no_events_and_keep_no_records():
    weight = np.ones((2, 3), dtype=np.int8)
    conv = CausalConv(weight=weight, schedule=SCHEDULE, watch=Watch(record=True))
    assert conv.event_ports == ()
    assert [var.name for var in conv.results] == ["counters"]


def test_ports_for_the_sums_of_limbs():
    assert sum_ports(()) == ("a_in_0",)
    assert sum_ports((5, 4, 3)) == ("a_in_0", "a_in_1", "a_in_2", "a_in_3")


@pytest.mark.parametrize("kind", sorted(set(BUILDERS) - {"Dense"}))
def test_every_process_documents_its_parameters_and_attributes(kind):
    classes = {cls.__name__: cls for cls in _subclasses(AbstractProcess)}
    text = classes[kind].__doc__
    assert "Parameters\n" in text
    assert "Attributes\n" in text


def _subclasses(cls: type) -> set[type]:
    direct = set(cls.__subclasses__())
    return direct.union(*map(_subclasses, direct))
