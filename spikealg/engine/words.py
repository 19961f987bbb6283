"""Eight 64-bit words as one value of compiled code: a bit for each of 512 lanes.

Written by hand because a loop over rows of one array needs checks for overlap before it may become
vector instructions, and they cost as much as the work. Memory is addressed by number (that of
``array.ctypes.data`` plus bytes), because an array handed to a compiled function may cost a
reference count. Who hands over addresses keeps the arrays alive.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

__all__ = [
    "BYTES",
    "WORDS",
    "any_bit",
    "count_ones",
    "each",
    "evens",
    "exchanged_bytes",
    "load",
    "low_bytes",
    "lowest",
    "merged_high",
    "merged_low",
    "numbers",
    "odds",
    "ones",
    "peek",
    "peek32",
    "poke",
    "poke32",
    "spread_bytes",
    "store",
    "total",
]

WORDS = 8
"""Words in a value."""
BYTES = 8 * WORDS


class _WordsType(types.Type):
    """The Numba type of eight words."""

    def __init__(self) -> None:
        super().__init__(name="Words")


_words = _WordsType()
_WORD, _INDEX = ir.IntType(64), ir.IntType(32)
_VECTOR = ir.VectorType(_WORD, WORDS)
_PATTERN = ir.VectorType(_INDEX, WORDS)


@register_model(_WordsType)
class _WordsModel(models.PrimitiveModel):
    """Kept in vector registers."""

    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, _VECTOR)


def _pointer(builder: Any, address: Any, kind: Any) -> Any:
    return builder.inttoptr(address, kind.as_pointer())


@intrinsic
def load(typing_context, address):
    """Return the eight words at an address (uint64, a multiple of 8)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(builder, arguments[0], _VECTOR), align=8)

    return _words(types.uint64), generate


@intrinsic
def store(typing_context, address, value):
    """Write eight words to an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[1], _pointer(builder, arguments[0], _VECTOR), align=8)
        return context.get_dummy_value()

    return types.void(types.uint64, _words), generate


@intrinsic
def peek(typing_context, address):
    """Return the word at an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(builder, arguments[0], _WORD))

    return types.uint64(types.uint64), generate


@intrinsic
def poke(typing_context, address, word):
    """Write a word to an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[1], _pointer(builder, arguments[0], _WORD))
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64), generate


@intrinsic
def peek32(typing_context, address):
    """Return the signed 32-bit integer at an address, as int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.sext(builder.load(_pointer(builder, arguments[0], _INDEX)), _WORD)

    return types.int64(types.uint64), generate


@intrinsic
def poke32(typing_context, address, number):
    """Write the low half of an integer to an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        low = builder.trunc(arguments[1], _INDEX)
        builder.store(low, _pointer(builder, arguments[0], _INDEX))
        return context.get_dummy_value()

    return types.void(types.uint64, types.int64), generate


@intrinsic
def each(typing_context, word):
    """Return eight times the same word."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first = builder.insert_element(
            ir.Constant(_VECTOR, ir.Undefined), arguments[0], ir.Constant(_INDEX, 0)
        )
        return builder.shuffle_vector(first, first, ir.Constant(_PATTERN, [0] * WORDS))

    return _words(types.uint64), generate


@intrinsic
def numbers(typing_context):
    """Return the words 0, 1, ..., 7."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(_VECTOR, list(range(WORDS)))

    return _words(), generate


def _operator(symbol: Any, arity: int, instruction: str) -> None:
    """Let an operator on values be one instruction, word by word."""

    @type_callable(symbol)
    def choose(context: Any) -> Any:
        def unary(a: Any) -> Any:
            return _words if isinstance(a, _WordsType) else None

        def binary(a: Any, b: Any) -> Any:
            both = isinstance(a, _WordsType) and isinstance(b, _WordsType)
            return _words if both else None

        return unary if arity == 1 else binary

    @lower_builtin(symbol, *[_WordsType] * arity)
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return getattr(builder, instruction)(*arguments)


for _symbol, _arity, _instruction in (
    (operator.and_, 2, "and_"),
    (operator.or_, 2, "or_"),
    (operator.xor, 2, "xor"),
    (operator.add, 2, "add"),
    (operator.mul, 2, "mul"),
    (operator.lshift, 2, "shl"),
    (operator.rshift, 2, "lshr"),
    (operator.invert, 1, "not_"),
):
    _operator(_symbol, _arity, _instruction)


def _shuffle(pattern: list[int]) -> Any:
    """Return a function of two values that picks eight of their sixteen words."""

    @intrinsic
    def pick(typing_context, a, b):
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.shuffle_vector(*arguments, ir.Constant(_PATTERN, pattern))

        return _words(_words, _words), generate

    return pick


evens = _shuffle([0, 2, 4, 6, 8, 10, 12, 14])
odds = _shuffle([1, 3, 5, 7, 9, 11, 13, 15])
merged_low = _shuffle([0, 8, 1, 9, 2, 10, 3, 11])
merged_high = _shuffle([4, 12, 5, 13, 6, 14, 7, 15])


_BYTE = ir.IntType(8)
_EIGHT_BYTES, _ALL_BYTES = ir.VectorType(_BYTE, 8), ir.VectorType(_BYTE, BYTES)


@intrinsic
def low_bytes(typing_context, a):
    """Return the lowest byte of each of eight words as one word, the first one lowest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(builder.trunc(arguments[0], _EIGHT_BYTES), _WORD)

    return types.uint64(_words), generate


@intrinsic
def spread_bytes(typing_context, word):
    """Return the bytes of a word as eight words, the lowest one first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.zext(builder.bitcast(arguments[0], _EIGHT_BYTES), _VECTOR)

    return _words(types.uint64), generate


@intrinsic
def exchanged_bytes(typing_context, a):
    """Return eight words in which byte k of word j is byte j of word k."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pattern = [8 * (place % 8) + place // 8 for place in range(BYTES)]
        value = builder.bitcast(arguments[0], _ALL_BYTES)
        mask = ir.Constant(ir.VectorType(_INDEX, BYTES), pattern)
        return builder.bitcast(builder.shuffle_vector(value, value, mask), _VECTOR)

    return _words(_words), generate


def _llvm(name: str, result: Any, argument: Any, numba_result: Any, numba_argument: Any) -> Any:
    """Return a function that is one LLVM intrinsic of one argument."""

    @intrinsic
    def call(typing_context, a):
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = ir.FunctionType(result, [argument])
            function = cgutils.get_or_insert_function(builder.module, kind, name)
            return builder.call(function, arguments)

        return numba_result(numba_argument), generate

    return call


any_bit = _llvm("llvm.vector.reduce.or.v8i64", _WORD, _VECTOR, types.uint64, _words)
total = _llvm("llvm.vector.reduce.add.v8i64", _WORD, _VECTOR, types.uint64, _words)
ones = _llvm("llvm.ctpop.v8i64", _VECTOR, _VECTOR, _words, _words)
count_ones = _llvm("llvm.ctpop.i64", _WORD, _WORD, types.uint64, types.uint64)


@intrinsic
def lowest(typing_context, word):
    """Return the number of the lowest bit that is set; the word is not 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate
