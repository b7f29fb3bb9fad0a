from pathlib import Path

import pytest

from lava_spikyspace.network import Network
from netx_export.writer import write_network
from tests.random_networks import random_network


@pytest.fixture(scope="session")
def network() -> Network:
    return random_network(7)


@pytest.fixture(scope="session")
def model(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid model file; copy it to change it."""
    path = tmp_path_factory.mktemp("model") / "model.net"
    write_network(network, path)
    return path
