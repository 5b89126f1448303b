# SPDX-License-Identifier: BSD-3-Clause
"""Tables of special values, after what the array-API standard states of each function: all functions of elements of all
values that it names, and each with each for those of two, in float32, float64, complex128 and whole numbers; reductions of
all triples of some. NumPy computes the results. They are compared with the signs of zeros, and exactly, but for functions
that mathematical libraries round differently: those by a few units in the last place."""
import itertools

import numpy as np

INF, NAN = float("inf"), float("nan")
ULPS = 4  # NumPy's vector functions and the C library's may each be off by about half of that


def reals(dtype):
    info = np.finfo(dtype)
    near_one = [1 - float(info.epsneg), 1 + float(info.eps)]
    ends = [float(info.tiny), float(info.smallest_subnormal), float(info.max), float(info.eps), 0.75 / float(info.eps)]
    some = [0.0, 0.1, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 7.0, 20.5, 88.5, 100.0, 745.0, 1e4, *near_one, *ends]
    some += [np.pi * k / 4 for k in range(1, 5)] + [2.0 ** k for k in (31, 53, 63)]
    return np.array([NAN, INF, -INF] + some + [-x for x in some], dtype)


def few_reals(dtype):
    info = np.finfo(dtype)
    some = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, float(info.tiny), float(info.smallest_subnormal), float(info.max), 2.0 ** 31, 1e4]
    return np.array([NAN, INF, -INF] + some + [-x for x in some], dtype)


def complexes():
    parts = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 30.0]
    return np.array([complex(x, y) for x in parts for y in parts], "complex128")


def wholes(dtype):
    info = np.iinfo(dtype)
    return np.unique(np.array([info.min, info.min + 1, info.max - 1, info.max, 0, 1, 2, 3, 7, 100, max(info.min, -1),
                               max(info.min, -2), max(info.min, -7)], dtype))


# name: function, types (f: real, c: complex, i: whole numbers, b: bool), ulps, whether the corpus has it as a `unary`
UNARY = {
    "negative": (np.negative, "fci", 0, True), "abs": (np.abs, "fci", 1, True), "sign": (np.sign, "fi", 0, True),
    "square": (np.square, "fci", 0, True), "conj": (np.conj, "fci", 0, True), "real": (np.real, "fci", 0, True),
    "imag": (np.imag, "fci", 0, True), "isnan": (np.isnan, "fcib", 0, True), "isinf": (np.isinf, "fcib", 0, True),
    "isfinite": (np.isfinite, "fcib", 0, True), "logical_not": (np.logical_not, "fcib", 0, True),
    "invert": (np.invert, "ib", 0, True), "to_bool": (lambda a: a.astype(bool), "fcib", 0, True),
    "to_float64": (lambda a: a.astype("float64"), "fi", 0, True),
    "sqrt": (np.sqrt, "fc", 0, False), "rint": (np.rint, "f", 0, False), "floor": (np.floor, "f", 0, False),
    "ceil": (np.ceil, "f", 0, False), "trunc": (np.trunc, "f", 0, False), "cbrt": (np.cbrt, "f", ULPS, False),
    "exp": (np.exp, "fc", ULPS, False), "exp2": (np.exp2, "f", ULPS, False), "expm1": (np.expm1, "f", ULPS, False),
    "log": (np.log, "fc", ULPS, False), "log2": (np.log2, "f", ULPS, False), "log10": (np.log10, "fc", ULPS, False),
    "log1p": (np.log1p, "f", ULPS, False), "sin": (np.sin, "fc", ULPS, False), "cos": (np.cos, "fc", ULPS, False),
    "tan": (np.tan, "fc", ULPS, False), "asin": (np.arcsin, "fc", ULPS, False), "acos": (np.arccos, "fc", ULPS, False),
    "atan": (np.arctan, "fc", ULPS, False), "sinh": (np.sinh, "fc", ULPS, False), "cosh": (np.cosh, "fc", ULPS, False),
    "tanh": (np.tanh, "fc", ULPS, False), "asinh": (np.arcsinh, "fc", ULPS, False), "acosh": (np.arccosh, "fc", ULPS, False),
    "atanh": (np.arctanh, "fc", ULPS, False),
}
# The sign of the lesser and of the greater of two zeros is nowhere stated.
BINARY = {
    "add": (np.add, "fci", 0, True), "subtract": (np.subtract, "fci", 0, True), "multiply": (np.multiply, "fi", 0, True),
    "divide": (np.divide, "fi", 0, True), "floor_divide": (np.floor_divide, "fi", 0, True),
    "remainder": (np.remainder, "fi", 0, True), "minimum": (np.minimum, "fi", None, True),
    "maximum": (np.maximum, "fi", None, True), "fmax": (np.fmax, "fi", None, True), "fmin": (np.fmin, "fi", None, False),
    "equal": (np.equal, "fci", 0, True), "less": (np.less, "fi", 0, True), "greater_equal": (np.greater_equal, "fi", 0, True),
    "not_equal": (np.not_equal, "fi", 0, False), "less_equal": (np.less_equal, "fi", 0, False),
    "greater": (np.greater, "fi", 0, False), "logical_or": (np.logical_or, "fcib", 0, True),
    "logical_and": (np.logical_and, "fi", 0, False), "logical_xor": (np.logical_xor, "fi", 0, False),
    "where": (lambda a, b: np.where(a, a, b), "fi", 0, True), "bitwise_and": (np.bitwise_and, "ib", 0, True),
    "bitwise_xor": (np.bitwise_xor, "ib", 0, True), "bitwise_or": (np.bitwise_or, "ib", 0, False),
    "left_shift": (np.left_shift, "i", 0, True), "right_shift": (np.right_shift, "i", 0, True),
    "atan2": (np.arctan2, "f", ULPS, False), "hypot": (np.hypot, "f", ULPS, False), "copysign": (np.copysign, "f", 0, False),
    "fmod": (np.fmod, "f", 0, False), "nextafter": (np.nextafter, "f", 0, False), "pow": (np.power, "fi", ULPS, False),
}


def place_of(extreme, a, axis):
    """The first that is the extreme; np.nanargmin takes a NaN for an infinity."""
    return np.argmax(a == extreme(a, axis, keepdims=True), axis)


# name: function, whether of no elements too, whether exactly, whether the corpus has it as a `reduce`
REDUCTIONS = {
    "sum": (np.sum, True, True, True), "prod": (np.prod, True, True, True), "min": (np.min, False, True, True),
    "max": (np.max, False, True, True), "any": (np.any, True, True, True), "all": (np.all, True, True, True),
    "mean": (np.mean, True, False, True), "var": (np.var, True, False, True),
    "std": (lambda a, axis: np.std(a, axis, ddof=1), True, False, True), "argmin": (np.argmin, False, True, True),
    "argmax": (np.argmax, False, True, True), "nansum": (np.nansum, True, True, True), "nanmax": (np.nanmax, False, True, True),
    "nanmean": (np.nanmean, True, False, True), "nanvar": (np.nanvar, True, False, True),
    "reduce_nanprod": (np.nanprod, True, True, False), "reduce_nanmin": (np.nanmin, False, True, False),
    "reduce_nanstd": (np.nanstd, True, False, False),
    "reduce_nanargmin": (lambda a, axis: place_of(np.nanmin, a, axis), False, True, False),
    "reduce_nanargmax": (lambda a, axis: place_of(np.nanmax, a, axis), False, True, False),
}
OPERANDS = {"float32": "f", "float64": "f", "complex128": "c", "bool": "b", "uint8": "i", "int32": "i", "int64": "i"}


def values_of(dtype, is_pair):
    kind = OPERANDS[dtype]
    if kind == "f":
        return few_reals(dtype) if is_pair else reals(dtype)
    return complexes() if kind == "c" else wholes(dtype) if kind == "i" else np.array([False, True])


def case(c, names_and_arrays, op, is_own, expected, ulps, numbers=()):
    """One function of inputs; `ulps` None means exactly, but for the signs of zeros."""
    c.line("case", c.next_case())
    names = [c.given(array)[0] for array in names_and_arrays]
    result = c.name()
    if is_own:
        c.line("binary" if len(names) == 2 else "unary", result, op, *names)
    else:
        c.line("call", result, op, len(names), *names, len(numbers), *numbers, 0, 0)
    expected = np.asarray(expected)
    rtol = atol = 0.0
    if expected.dtype.kind in "fc" and ulps:
        info = np.finfo(expected.dtype)
        rtol, atol = ulps * float(info.eps), ulps * float(info.smallest_subnormal)
    c.check(result, expected, rtol, atol, ulps is not None)


def reduction(c, array, axis, op, function, is_exact, is_own):
    c.line("case", c.next_case())
    name, result = c.given(array)[0], c.name()
    if is_own:
        c.line("reduce", result, op, name, 0, 0, 1, axis)
    else:
        c.line("call", result, op, 1, name, 1, axis, 0, 0)
    expected = np.asarray(function(array, axis=axis))
    eps = float(np.finfo(expected.dtype).eps) if expected.dtype.kind == "f" else 0.0
    c.check(result, expected, 0 if is_exact else 20 * eps, 0, op in ("prod", "reduce_nanprod"))


def write(c):
    with np.errstate(all="ignore"):
        for op, (function, kinds, ulps, is_own) in UNARY.items():
            for dtype in (one for one, kind in OPERANDS.items() if kind in kinds):
                if op in ("negative", "conj", "real", "imag", "square", "sign", "to_float64", "abs") and dtype == "bool":
                    continue
                a = values_of(dtype, False)
                case(c, [a], op, is_own, function(a), ulps)
        for op, (function, kinds, ulps, is_own) in BINARY.items():
            for dtype in (one for one, kind in OPERANDS.items() if kind in kinds and (is_own or one != "int32")):
                a = values_of(dtype, True)
                b = a[a >= 0] if op == "pow" and OPERANDS[dtype] == "i" else a  # others NumPy refuses
                x, y = np.repeat(a, len(b)), np.tile(b, len(a))
                case(c, [x, y], op, is_own, function(x, y), ulps)
        for dtype in ("float32", "float64"):
            some = few_reals(dtype)[:8]
            x, low, high = (np.array(one, dtype) for one in zip(*itertools.product(some, repeat=3)))
            case(c, [x, low, high], "clip_between", False, np.clip(x, low, high), None)
            triples = np.array(list(itertools.product([NAN, INF, -INF, 0.0, -0.0, 1.0, -2.5], repeat=3)), dtype)
            for op, (function, of_none, is_exact, is_own) in REDUCTIONS.items():
                skips = op.startswith("reduce_nanarg")
                lines = triples[~np.isnan(triples).all(1)] if skips else triples
                reduction(c, lines, 1, op, function, is_exact, is_own)
                reduction(c, lines.T, 0, op, function, is_exact, is_own)
                if of_none:
                    for shape, axis in (((3, 0), 1), ((0, 3), 0), ((0, 3), 1)):
                        reduction(c, np.zeros(shape, dtype), axis, op, function, is_exact, is_own)
