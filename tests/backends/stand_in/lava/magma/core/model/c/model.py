"""Stand-in: the public names of the bases of models for embedded processors."""

from lava.magma.core.model.model import AbstractProcessModel


class AbstractCProcessModel(AbstractProcessModel):
    pass


class CLoihiProcessModel(AbstractCProcessModel):
    pass
