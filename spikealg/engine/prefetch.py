"""A hint to the processor, as a Numba intrinsic: load a cache line before it is needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

__all__ = ["prefetch"]


def prefetch(array: npt.NDArray[Any], index: np.uint64) -> None:
    """Ask for the cache line of ``array[index]`` (contiguous array, uint64); no effect else."""


@overload(prefetch, inline="always")
def _compiled(array, index):
    def ask(array, index):
        _ask(array, index)

    return ask


@intrinsic
def _ask(typing_context, array, index):

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        address = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
        hint = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, word, word, word]),
            "llvm.prefetch.p0",
        )
        # For reading, into all levels of the data cache.
        builder.call(hint, [address, *(ir.Constant(word, value) for value in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate
