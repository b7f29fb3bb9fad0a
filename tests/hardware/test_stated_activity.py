import pytest

from lava_spikyspace.errors import UsageError
from lava_spikyspace.hardware.stated_activity import stated_works
from tests.random_networks import random_network

NETWORK = random_network(3, blocks=1, channels=5, window=8, d_inner=4, d_state=3, golden=0)


def test_a_rate_of_1_is_every_spike_there_can_be():
    unary = stated_works(NETWORK, 1.0)["unary"]
    assert unary.windows == 1
    conv = unary.counts["blocks.0.conv.neuron"]
    assert (conv.spikes, conv.firing_rate) == (4 * 8 * 3, 1.0)
    synapses = unary.counts["blocks.0.delta.synapses"]
    weights = (NETWORK["blocks.0.delta"].weight != 0).sum()
    assert synapses.synops == weights * 8 * 3


def test_a_rate_of_0_leaves_the_messages():
    for work in stated_works(NETWORK, 0.0).values():
        assert work.counts["blocks.0.conv.neuron"].firing_rate == 0.0
        assert work.messages("blocks.0.conv.neuron") == 0
        assert work.messages("blocks.0.product") == 0
        assert work.messages("blocks.0.B.neuron") == 3 * 8
        assert work.messages("head") == 5 * 3


def test_a_graded_code_is_sent_where_any_of_its_spikes_would_be():
    works = stated_works(NETWORK, 0.2)
    neurons, elements = 4, 8
    unary = works["unary"].messages("blocks.0.conv.neuron")
    graded = works["graded"].messages("blocks.0.conv.neuron")
    assert unary == round(0.2 * 3 * neurons * elements)
    assert graded == round((1 - 0.8**3) * neurons * elements)
    state = works["graded"].messages("blocks.0.scan.state")
    assert state == round((1 - 0.8**3) * 12 * elements)


def test_the_convolution_loses_taps_at_the_start_of_a_window():
    work = stated_works(NETWORK, 1.0)["unary"]
    weights = NETWORK["blocks.0.conv"].weight != 0
    # The newest tap meets 8 elements, the ones before 7 and 6.
    expected = 3 * sum(int(weights[:, tap].sum()) * (6 + tap) for tap in range(3))
    assert work.counts["blocks.0.conv.synapses"].synops == expected


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_is_a_share(rate):
    with pytest.raises(UsageError, match="expected 0 to 1"):
        stated_works(NETWORK, rate)
