"""What a hardware profile holds: the schema of ``hardware_profiles/*.toml``.

There are two kinds. A *chip* profile describes neuromorphic cores: limits, table sizes, energy and
time of events. An *accounting* profile holds the energy of single operations, as papers count them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, Field, TypeAdapter, model_validator
from typing_extensions import Self

from lava_spikyspace.errors import InternalError
from lava_spikyspace.hardware.quantity import (
    Axons,
    Bits,
    Bytes,
    Chips,
    Cores,
    Duration,
    Energy,
    EnergyPerBit,
    EnergyPerForecast,
    Exponent,
    Groups,
    Neurons,
    Parameters,
    Power,
    Processors,
    Quantity,
    Section,
    Statement,
    Steps,
    Tiles,
    Words,
)

SCHEMA = "lava-spikyspace/hardware-profile@1"
"""Value of the key ``schema`` of every profile."""


class Layout(Section):
    """How many of what, and where the cores lie.

    Parameters
    ----------
    chips : Quantity
        Chips of the board.
    cores_per_chip : Quantity
        Cores on the die.
    usable_cores_per_chip : Quantity
        Cores that the software gives to a network.
    cores_per_tile, tile_columns, tile_rows : Quantity
        The mesh: cores share a router with the others of their tile.
    embedded_processors : Quantity
        Processors beside the cores.
    """

    chips: Chips
    cores_per_chip: Cores
    usable_cores_per_chip: Cores
    cores_per_tile: Cores
    tile_columns: Tiles
    tile_rows: Tiles
    embedded_processors: Processors


class CoreLimits(Section):
    """What one core holds at most.

    Parameters
    ----------
    neurons, neuron_groups : Quantity
        Neurons, and groups of neurons with a program and parameters of their own.
    synapse_words : Quantity
        64-bit words of synaptic memory.
    axons_in, axons_out : Quantity
        Entries of the tables of arriving and of leaving axons.
    total_words : Quantity
        64-bit words of all tables together.
    """

    neurons: Neurons
    neuron_groups: Groups
    synapse_words: Words
    axons_in: Axons
    axons_out: Axons
    total_words: Words


class Core(Section):
    """Limits of a core: what is built in, and what the vendor's compiler allows.

    Parameters
    ----------
    chip, compiler : CoreLimits
        The smaller of the two counts.
    """

    chip: CoreLimits
    compiler: CoreLimits


class Tables(Section):
    """How large the entries of a core's tables are.

    The synapses of one axon on one core take
    ``ceil((synapses * (weight_bits + synapse_index_bits) + synapse_header_bits) / word_bits)``
    words.

    Parameters
    ----------
    word_bits : Quantity
        Bits of a word.
    synapse_index_bits, synapse_header_bits : Quantity
        Bits beside the weight of each synapse, and once per axon.
    words_per_neuron : Quantity
        Least words of a neuron; one with more state takes as many as its bytes need.
    words_per_axon_in, words_per_axon_out : Quantity
        Words of an axon's entry.
    """

    word_bits: Bits
    synapse_index_bits: Bits
    synapse_header_bits: Bits
    words_per_neuron: Words
    words_per_axon_in: Words
    words_per_axon_out: Words


class Widths(Section):
    """Widths of numbers on the chip.

    Parameters
    ----------
    weight_bits : Quantity
        Widest weight.
    weight_exponent_min, weight_exponent_max : Quantity
        Common power of two of a group's weights.
    payload_bits : Quantity
        Widest payload of a spike; 0 where spikes carry none.
    accumulator_bits : Quantity
        Synaptic sums.
    state_bits : Quantity
        State variables.
    state_bytes : Quantity
        State and parameters of one neuron.
    delay_steps : Quantity
        Longest synaptic delay.
    """

    weight_bits: Bits
    weight_exponent_min: Exponent
    weight_exponent_max: Exponent
    payload_bits: Bits
    accumulator_bits: Bits
    state_bits: Bits
    state_bytes: Bytes
    delay_steps: Steps


class Features(Section):
    """What the chip can do at all.

    Parameters
    ----------
    programmable_neurons : Statement
        Whether neurons run programs of their own; if not, they are leaky integrate-and-fire.
    reset_interval_is_power_of_two : Statement
        Whether a periodic reset has to be a power of two of steps.
    """

    programmable_neurons: Statement
    reset_interval_is_power_of_two: Statement


class EventEnergy(Section):
    """Energy of events, and what the chip takes when nothing happens.

    Parameters
    ----------
    synop : Quantity
        One event at one synapse.
    update_active, update_inactive : Quantity
        One neuron in one step, when it sends and when it does not.
    packet : Quantity
        One spike that a core sends to one core of its own tile.
    hop_east_west, hop_north_south : Quantity
        One step of a packet from tile to tile.
    chip_crossing : Quantity
        One packet from chip to chip.
    static_power : Quantity
        Power of one chip that does nothing.
    """

    synop: Energy
    update_active: Energy
    update_inactive: Energy
    packet: Energy
    hop_east_west: Energy
    hop_north_south: Energy
    chip_crossing: Energy
    static_power: Power


class EventTime(Section):
    """Time that a core or a router takes for events.

    Parameters
    ----------
    synop, update_active, update_inactive, packet, hop_east_west, hop_north_south : Quantity
        As in `EventEnergy`.
    barrier : Quantity
        Least time of a step: all cores wait for each other.
    """

    synop: Duration
    update_active: Duration
    update_inactive: Duration
    packet: Duration
    hop_east_west: Duration
    hop_north_south: Duration
    barrier: Duration


class Anchor(Section):
    """What somebody measured on this chip, to hold estimates against.

    Parameters
    ----------
    what : str
        Which network, in words.
    cores : Quantity
        Cores that it took.
    step : Quantity
        Mean time of a step.
    dynamic_power, static_power : Quantity
        Mean power while it ran.
    steps : Quantity
        Steps of one result.
    energy : Quantity
        Energy of one result.
    """

    what: str
    cores: Cores
    step: Duration
    dynamic_power: Power
    static_power: Power
    steps: Steps
    energy: EnergyPerForecast


class Operations(Section):
    """Energy of single operations.

    Parameters
    ----------
    multiply_accumulate_fp32, accumulate_fp32, accumulate_int8, shift : Quantity
        One operation.
    movement, weight_access : Quantity
        One bit of an activation that is moved, one bit of a weight that is read.
    """

    multiply_accumulate_fp32: Energy
    accumulate_fp32: Energy
    accumulate_int8: Energy
    shift: Energy
    movement: EnergyPerBit
    weight_access: EnergyPerBit


class PublishedModel(Section):
    """What a paper claims for a model on its task.

    Parameters
    ----------
    energy : Quantity
        One forecast.
    parameters : Quantity
        Size.
    """

    energy: EnergyPerForecast
    parameters: Parameters


class _Profile(Section):
    # `schema` is a method name of pydantic's own models.
    schema_: Literal["lava-spikyspace/hardware-profile@1"] = Field(alias="schema")
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    description: str
    sources: dict[str, str]

    @model_validator(mode="after")
    def _sources_are_listed(self) -> Self:
        for path, number in numbers(self):
            if number.source is not None and number.source not in self.sources:
                known = ", ".join(self.sources) or "none"
                raise ValueError(
                    f"{path}: found source {number.source!r}, expected a key of `sources`: {known}"
                )
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the profile as plain values, numbers that are missing as None."""
        return self.model_dump(mode="json", by_alias=True)


class ChipProfile(_Profile):
    """A board of neuromorphic chips.

    Parameters
    ----------
    schema : str
        `SCHEMA`.
    kind : str
        ``chip``.
    name, title, description : str
        Name on the command line, and what it is.
    sources : dict of str to str
        What the numbers come from, by the keys that they name.
    layout, core, tables, widths, features, energy, time
        See there.
    anchors : dict of str to Anchor
        Measurements of whole networks.
    """

    kind: Literal["chip"]
    layout: Layout
    core: Core
    tables: Tables
    widths: Widths
    features: Features
    energy: EventEnergy
    time: EventTime
    anchors: dict[str, Anchor] = Field(default_factory=dict)

    @property
    def usable_cores(self) -> int:
        """Cores of the whole board that a network can have."""
        return known(self.layout.chips) * known(self.layout.usable_cores_per_chip)

    @model_validator(mode="after")
    def _payload_is_known(self) -> Self:
        if self.widths.payload_bits.value is None:
            raise ValueError("widths.payload_bits: found no value, expected one")
        return self

    @model_validator(mode="after")
    def _what_placement_needs_is_known(self) -> Self:
        for section in (self.layout, self.tables):
            for name, quantity in section:
                is_needed = isinstance(quantity, Quantity) and name != "embedded_processors"
                if is_needed and not quantity.value:
                    raise ValueError(f"{name}: found no value above 0, expected one")
        return self


class AccountingProfile(_Profile):
    """Energy of operations, as papers count them.

    Parameters
    ----------
    schema : str
        `SCHEMA`.
    kind : str
        ``accounting``.
    name, title, description : str
        Name on the command line, and what it is.
    sources : dict of str to str
        What the numbers come from, by the keys that they name.
    operations : Operations
        Energy of operations.
    published : dict of str to PublishedModel
        What papers claim, by model.
    """

    kind: Literal["accounting"]
    operations: Operations
    published: dict[str, PublishedModel] = Field(default_factory=dict)


Profile: TypeAlias = ChipProfile | AccountingProfile

ADAPTER: TypeAdapter[Profile] = TypeAdapter(Annotated[Profile, Field(discriminator="kind")])
"""Validates either kind."""


def profile_schema() -> dict[str, Any]:
    """Return the JSON Schema of a profile, after what it ``extends`` has been filled in."""
    schema = ADAPTER.json_schema(by_alias=True)
    for definition in schema["$defs"].values():
        # The docstring's first paragraph; the fields describe themselves.
        definition["description"] = definition["description"].split("\n\n", maxsplit=1)[0]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **schema}


def known(quantity: Quantity) -> int:
    """Return the whole value of a number that the schema demands."""
    if quantity.value is None:
        raise InternalError("a number that the schema demands is missing")
    return int(quantity.value)


def numbers(section: BaseModel, path: str = "") -> Iterator[tuple[str, Quantity | Statement]]:
    """Yield every number of a profile with its place, such as ``core.chip.neurons``."""
    for name, value in section:
        place = f"{path}.{name}" if path else name
        if isinstance(value, Quantity | Statement):
            yield place, value
        elif isinstance(value, BaseModel):
            yield from numbers(value, place)
        elif isinstance(value, dict):
            for key, entry in value.items():
                if isinstance(entry, BaseModel):
                    yield from numbers(entry, f"{place}.{key}")
