"""Single steps that a processor has an instruction for, and Python has no word for."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

LANES = 32
"""How many sketches are compared at a time; arrays of them have so many to spare at their end."""

_I32 = ir.IntType(32)
_BYTES = ir.IntType(8).as_pointer()
_SKETCHES = ir.VectorType(ir.IntType(16), LANES)


def _popcount_of(typing_context: Any, word: Any) -> Any:  # noqa: ARG001 (numba names them)
    """The set bits of a uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


def _lowest_of(typing_context: Any, mask: Any) -> Any:  # noqa: ARG001
    """The number of the lowest set bit of a uint32 that is not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint32(types.uint32), generate


def _within_of(typing_context: Any, sketches: Any, at: Any, wanted: Any, most: Any) -> Any:  # noqa: ARG001
    """A bit for each of 32 sketches from `at` on: whether at most `most` bits differ."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [arguments[1]])
        loaded = builder.load(builder.bitcast(place, _SKETCHES.as_pointer()))
        loaded.align = 2
        function = _declared(builder, f"llvm.ctpop.v{LANES}i16", _SKETCHES, [_SKETCHES])
        differing = builder.call(
            function, [builder.xor(loaded, _in_all_lanes(builder, arguments[2]))]
        )
        few = builder.icmp_unsigned("<=", differing, _in_all_lanes(builder, arguments[3]))
        return builder.bitcast(few, _I32)

    return types.uint32(sketches, types.int64, types.uint16, types.uint16), generate


def _prefetch_of(typing_context: Any, array: Any, at: Any) -> Any:  # noqa: ARG001
    """Have the memory at `at` of a flat array fetched; outside of it nothing happens."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(pointer, [arguments[1]]), _BYTES)
        function = _declared(
            builder, "llvm.prefetch.p0i8", ir.VoidType(), [_BYTES, _I32, _I32, _I32]
        )
        read, keep, data = (ir.Constant(_I32, each) for each in (0, 3, 1))
        builder.call(function, [place, read, keep, data])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


def _in_all_lanes(builder: Any, value: Any) -> Any:
    nothing = ir.Constant(_SKETCHES, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(_I32, 0))
    return builder.shuffle_vector(
        first, nothing, ir.Constant(ir.VectorType(_I32, LANES), [0] * LANES)
    )


def _declared(builder: Any, name: str, returns: Any, takes: list[Any]) -> Any:
    known = builder.module.globals.get(name)
    return known or ir.Function(builder.module, ir.FunctionType(returns, takes), name=name)


popcount = cast(Callable[[np.uint64], np.uint64], intrinsic(_popcount_of))
lowest = cast(Callable[[np.uint32], np.uint32], intrinsic(_lowest_of))
within = cast(
    Callable[[NDArray[np.uint16], int, np.uint16, np.uint16], np.uint32], intrinsic(_within_of)
)
prefetch = cast(Callable[[NDArray[Any], int], None], intrinsic(_prefetch_of))
