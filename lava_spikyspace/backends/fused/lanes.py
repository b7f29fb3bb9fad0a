"""Explicit vectors for kernels: `LANES` integers or floats of one type, computed on together.

Loops that the compiler is to vectorise by itself pay for short trips and for arrays that may
overlap; a value of type `Lanes` is a vector register by definition, on any machine. Lanes of one
type are added, multiplied and shifted with the operators of Python, as NumPy arrays are: integers
wrap, and a shift has to be less than the bits of the type.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.core.typing import templates

LANES = 16
"""Values of a vector: those of 32 bits fill the widest registers, and whole cache lines."""

# numba's functions have no types.
# ruff: noqa: ANN401
_intrinsic: Any = extending.intrinsic
_templates: Any = templates
_cgutils: Any = cgutils
_lower: Any = extending.lower_builtin
_PrimitiveModel: Any = extending.models.PrimitiveModel


class Lanes(types.Type):
    """numba's type of a vector.

    Parameters
    ----------
    scalar : numba type
        Of each value.
    """

    def __init__(self, scalar: Any) -> None:
        self.scalar = scalar
        super().__init__(name=f"Lanes({scalar})")

    @property
    def is_real(self) -> bool:
        """Whether the values are floats."""
        return isinstance(self.scalar, types.Float)


@extending.register_model(Lanes)
class _LanesModel(_PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        scalar = manager.lookup(lanes.scalar).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(scalar, LANES))


def _operation(symbol: Callable[..., Any], integer: str, real: str | None) -> None:
    """Define an operator between lanes of one type by the instructions that it stands for."""

    @_templates.infer_global(symbol)
    class _Typing(_templates.AbstractTemplate):
        def generic(self, operands: Any, _: Any) -> Any:
            first, second = operands
            known = isinstance(first, Lanes) and (real or not first.is_real)
            return _templates.signature(first, first, first) if known and first == second else None

    @_lower(symbol, Lanes, Lanes)
    def _(context: Any, builder: Any, called: Any, values: Any) -> Any:
        name = real if called.return_type.is_real else integer
        return getattr(builder, str(name))(*values)


_operation(operator.add, "add", "fadd")
_operation(operator.sub, "sub", "fsub")
_operation(operator.mul, "mul", "fmul")
_operation(operator.lshift, "shl", None)
_operation(operator.rshift, "ashr", None)


def _place(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> tuple[Any, Any]:
    """Return a pointer to the lanes of an array that begin at an index, and their alignment."""
    scalar = context.get_data_type(kind.dtype)
    data = context.make_array(kind)(context, builder, array).data
    first = builder.gep(data, [index])
    vector = ir.VectorType(scalar, LANES)
    return builder.bitcast(first, vector.as_pointer()), context.get_abi_sizeof(scalar)


def _converted(context: Any, builder: Any, value: Any, source: Any, target: Any) -> Any:
    """Return the vector `value` with the scalars of another type."""
    if source == target:
        return value
    vector = ir.VectorType(context.get_value_type(target), LANES)
    real = [isinstance(kind, types.Float) for kind in (source, target)]
    if real == [False, False]:
        if source.bitwidth >= target.bitwidth:
            return builder.trunc(value, vector)
        return (builder.sext if source.signed else builder.zext)(value, vector)
    if real == [True, True]:
        narrower = source.bitwidth > target.bitwidth
        return (builder.fptrunc if narrower else builder.fpext)(value, vector)
    if real == [False, True]:
        return (builder.sitofp if source.signed else builder.uitofp)(value, vector)
    return builder.fptosi(value, vector)


@_intrinsic
def load(_: Any, kind: Any, array: Any, index: Any) -> Any:
    """Return `LANES` values of a contiguous array from an index on, converted to a type."""
    lanes = Lanes(kind.dtype)

    def generate(context: Any, builder: Any, called: Any, values: Any) -> Any:
        pointer, align = _place(context, builder, array, values[1], values[2])
        value = builder.load(pointer, align=align)
        return _converted(context, builder, value, array.dtype, lanes.scalar)

    return lanes(kind, array, index), generate


@_intrinsic
def store(_: Any, array: Any, index: Any, lanes: Any) -> Any:
    """Write lanes to a contiguous array from an index on, converted to its type."""

    def generate(context: Any, builder: Any, called: Any, values: Any) -> Any:
        pointer, align = _place(context, builder, array, values[0], values[1])
        value = _converted(context, builder, values[2], lanes.scalar, array.dtype)
        builder.store(value, pointer, align=align)
        return context.get_dummy_value()

    return types.void(array, index, lanes), generate


@_intrinsic
def splat(_: Any, kind: Any, value: Any) -> Any:
    """Return lanes of a type that all hold one value."""
    lanes = Lanes(kind.dtype)

    def generate(context: Any, builder: Any, called: Any, values: Any) -> Any:
        scalar = context.cast(builder, values[1], value, lanes.scalar)
        vector = ir.VectorType(scalar.type, LANES)
        index = ir.Constant(ir.IntType(32), 0)
        first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, index)
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), None)
        return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)

    return lanes(kind, value), generate


@_intrinsic
def convert(_: Any, kind: Any, lanes: Any) -> Any:
    """Return lanes with values of another type."""
    result = Lanes(kind.dtype)

    def generate(context: Any, builder: Any, called: Any, values: Any) -> Any:
        return _converted(context, builder, values[1], lanes.scalar, result.scalar)

    return result(kind, lanes), generate


def _compared(builder: Any, sign: str, lanes: Lanes, values: Any) -> Any:
    """Return one bit per lane."""
    if lanes.is_real:
        return builder.fcmp_ordered(sign, *values)
    return builder.icmp_signed(sign, *values)


@_intrinsic
def at_least(_: Any, one: Any, other: Any) -> Any:
    """Return 1 where the first is at least the second, and 0 elsewhere.

    Lanes of integers as those compared, of floats lanes of int32.
    """
    result = Lanes(types.int32) if one.is_real else one

    def generate(context: Any, builder: Any, called: Any, values: Any) -> Any:
        reached = _compared(builder, ">=", one, values)
        return builder.zext(reached, context.get_value_type(result))

    return result(one, other), generate


def _chooser(sign: str) -> Any:
    def choose(_: Any, one: Any, other: Any) -> Any:
        def generate(context: Any, builder: Any, called: Any, values: Any) -> Any:
            return builder.select(_compared(builder, sign, one, values), *values)

        return one(one, other), generate

    return choose


least = _intrinsic(_chooser("<"))
"""The lesser of each pair of values."""

most = _intrinsic(_chooser(">"))
"""The greater of each pair of values."""


def _reducer(name: str) -> Any:
    def reduce(_: Any, lanes: Any) -> Any:
        def generate(context: Any, builder: Any, called: Any, values: Any) -> Any:
            (value,) = values
            scalar = value.type.element
            known = f"llvm.vector.reduce.{name}.v{LANES}i{lanes.scalar.bitwidth}"
            function = _cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(scalar, [value.type]), known
            )
            return builder.call(function, [value])

        return lanes.scalar(lanes), generate

    return reduce


total = _intrinsic(_reducer("add"))
"""The sum of integers."""

minimum = _intrinsic(_reducer("smin"))
"""The least of integers."""

maximum = _intrinsic(_reducer("smax"))
"""The greatest of integers."""


def padded(count: int) -> int:
    """Return the next multiple of `LANES`."""
    return -(-count // LANES) * LANES
