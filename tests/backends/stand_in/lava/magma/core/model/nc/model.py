"""Stand-in: the public name of the base of neurocore models."""

from lava.magma.core.model.model import AbstractProcessModel


class AbstractNcProcessModel(AbstractProcessModel):
    pass
