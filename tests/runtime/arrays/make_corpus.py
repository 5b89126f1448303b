#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Random array programs, and what NumPy makes of them: make_corpus.py FOLDER COUNT SEED [linalg] [fft] writes
FOLDER/corpus.txt, which arrays_program reads, and FOLDER/corpus.bin with all inputs and expected results. Each function of
a program takes what the one before gave. Behind the programs come tables of special values; see corpus_special.py.

What is inexact (sums of floats, functions such as exp) comes last in a program, but for functions that only move elements,
so that a tolerance can be stated for it: that of its definition, n eps sum|x|, or a few units in the last place."""
import os
import random
import sys
import warnings

sys.dont_write_bytecode = True
os.environ["NPY_PROMOTION_STATE"] = "weak"  # the promotion of NumPy 2, which 1.24 has behind this switch
import numpy as np  # noqa: E402

import corpus_calls  # noqa: E402
import corpus_special  # noqa: E402
# Those that are called: each adds itself to corpus_calls.CALLS.
import corpus_blocks, corpus_fft, corpus_linalg, corpus_moves, corpus_orders, corpus_selections, corpus_statistics  # noqa: E401, E402, F401

warnings.simplefilter("ignore")  # of empty slices

TYPES = ["bool", "uint8", "int32", "int64", "float32", "float64", "complex128"]
PAIRS = {("bool", "int32"), ("uint8", "int32"), ("int32", "uint8"), ("int32", "int64"), ("float32", "int32"),
         ("uint8", "float32")} | {(t, t) for t in TYPES} | {(t, "float64") for t in TYPES}
EXACT_UNARY = {
    "negative": (np.negative, "nb"), "invert": (np.invert, "i"), "abs": (np.abs, "o"), "sign": (np.sign, "o"),
    "square": (np.square, "nb"), "sqrt": (np.sqrt, "x"), "floor": (np.floor, "f"), "ceil": (np.ceil, "f"),
    "rint": (np.rint, "x"), "isnan": (np.isnan, "a"), "isfinite": (np.isfinite, "a"), "isinf": (np.isinf, "a"),
    "logical_not": (np.logical_not, "a"), "conj": (np.conj, "nb"), "real": (np.real, "nb"), "imag": (np.imag, "nb"),
    "to_float64": (lambda a: a.astype("float64"), "o"), "to_int32": (lambda a: a.astype("int32"), "i"),
    "to_int64": (lambda a: a.astype("int64"), "i"), "to_bool": (lambda a: a.astype("bool"), "a"),
    "clip": (lambda a: np.minimum(np.maximum(a, 1), 3), "o"),
    "floor_or_ceil": (lambda a: np.where(a > 0, np.floor(a), np.ceil(a)), "f"),
    "fused_shift": (lambda a: (a + a) * a - a, "o"),
}
INEXACT_UNARY = {
    "exp": (np.exp, "x"), "log": (np.log, "x"), "log1p": (np.log1p, "x"), "sin": (np.sin, "x"), "tanh": (np.tanh, "x"),
    "arctan": (np.arctan, "x"), "fused_norm": (lambda a: np.sqrt(a * a + a * a) - a, "f"),
}
WITH_VALUE = {
    "add_value": (lambda a, v: a + v, "nb"), "multiply_value": (lambda a, v: a * v, "a"),
    "value_minus": (lambda a, v: v - a, "nb"), "divide_value": (lambda a, v: a / v, "ac"),
    "add_half": (lambda a, v: a + 0.5, "o"), "less_value": (lambda a, v: a < v, "o"),
    "equal_value": (lambda a, v: a == v, "nb"), "maximum_value": (np.maximum, "o"), "power_2": (lambda a, v: a * a, "o"),
}
BINARY = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "floor_divide": np.floor_divide, "remainder": np.remainder, "minimum": np.minimum, "maximum": np.maximum,
    "fmax": np.fmax, "equal": np.equal, "less": np.less, "greater_equal": np.greater_equal,
    "bitwise_and": np.bitwise_and, "bitwise_xor": np.bitwise_xor, "logical_or": np.logical_or,
    "left_shift": np.left_shift, "right_shift": np.right_shift,
    "where": lambda a, b: np.where(a, a, b),
}
REDUCTIONS = {
    "sum": (np.sum, "a"), "prod": (np.prod, "a"), "min": (np.min, "a"), "max": (np.max, "a"), "any": (np.any, "a"),
    "all": (np.all, "a"), "mean": (np.mean, "a"), "argmin": (np.argmin, "r"), "argmax": (np.argmax, "r"),
    "nansum": (np.nansum, "f"), "nanmax": (np.nanmax, "f"), "nanmean": (np.nanmean, "f"),
    "var": (np.var, "a"), "std": (lambda *p, **k: np.std(*p, ddof=1, **k), "a"), "nanvar": (np.nanvar, "f"),
}


def allowed(kinds, dtype):
    """Whether a type is among those that the program compiles the operation for; see corpus_*.cpp."""
    name = str(dtype)
    if name not in TYPES:
        return False
    if kinds == "a":
        return True
    if kinds == "ac":
        return name not in ("uint8", "bool") or True
    if kinds == "nb":
        return name != "bool"
    if kinds == "o":
        return name in ("uint8", "int32", "int64", "float32", "float64")
    if kinds == "r":
        return name != "complex128"
    if kinds == "i":
        return name in ("bool", "uint8", "int32", "int64")
    if kinds == "x":
        return name in ("int32", "int64", "float32", "float64")
    return name in ("float32", "float64")


class Corpus:
    def __init__(self, folder, seed, libraries):
        self.random = random.Random(seed)
        self.numpy = np.random.default_rng(seed)
        self.text = open(os.path.join(folder, "corpus.txt"), "w")
        self.data = open(os.path.join(folder, "corpus.bin"), "wb")
        self.names = self.cases = 0
        self.calls = {name: one for name, one in corpus_calls.CALLS.items() if one.needs is None or one.needs in libraries}

    def store(self, array):
        while self.data.tell() % 16 != 0:
            self.data.write(b"\0")
        at = self.data.tell()
        self.data.write(np.ascontiguousarray(array).tobytes())
        return at

    def shape(self):
        r = self.random
        dims = r.choice([0, 1, 1, 1, 2, 2, 2, 3, 3, 4])
        longest = [1, 40, 9, 6, 4][dims] * (6 if dims in (1, 2) and r.random() < 0.05 else 1)
        return tuple(0 if r.random() < 0.04 else 1 if r.random() < 0.15 else r.randint(1, longest) for _ in range(dims))

    def chunks(self, length):
        """Lengths that are regular, irregular, some of them 0, or one that is longer than the axis."""
        r = self.random
        if r.random() < 0.5:
            width = r.randint(1, length + 2)
            return "w", [width]
        lengths, left = [], length
        while left > 0:
            one = 0 if r.random() < 0.1 else r.randint(1, left)
            lengths.append(one)
            left -= one
        return "t", lengths or [0]

    def values(self, dtype, shape):
        n, r = int(np.prod(shape)), self.numpy
        if dtype == "bool":
            flat = r.integers(0, 2, n).astype(bool)
        elif dtype in ("uint8", "int32", "int64"):
            info = np.iinfo(dtype)
            flat = r.integers(max(info.min, -20), 20, n).astype(dtype)
            if self.random.random() < 0.25 and n > 0:
                flat[r.integers(0, n)] = info.max
                flat[r.integers(0, n)] = info.min
        else:
            flat = np.round(r.normal(0, 5, n), 1)
            if dtype == "complex128":
                flat = flat + 1j * np.round(r.normal(0, 5, n), 1)
            flat = flat.astype(dtype)
            if self.random.random() < 0.3 and n > 0:
                for special in (np.nan, np.inf, -np.inf, -0.0, 0.0):
                    if self.random.random() < 0.5:
                        flat[r.integers(0, n)] = special
            if self.random.random() < 0.2 and n > 1:  # ties
                flat[: n // 2] = flat[0]
        return flat.reshape(shape)

    def line(self, *words):
        self.text.write(" ".join(str(word) for word in words) + "\n")

    def name(self):
        self.names += 1
        return f"v{self.names}"

    def cut(self, shape):
        words = []
        for length in shape:
            how, lengths = self.chunks(length)
            words += [how, len(lengths), *lengths]
        return words

    def next_case(self):
        self.cases += 1
        return self.cases - 1

    def given(self, array):
        """An array as an input, cut at random."""
        array, name = np.asarray(array), self.name()
        self.line("input", name, array.dtype, self.store(array), array.ndim, *array.shape, *self.cut(array.shape))
        return name, array

    def input(self, dtype, shape):
        return self.given(self.values(dtype, shape))

    def broadcastable(self, shape):
        """A shape that broadcasts with this one."""
        r = self.random
        other = [1 if r.random() < 0.25 else length for length in shape]
        return tuple(other[r.randint(0, len(other)):] if r.random() < 0.3 else other)

    def parts(self, array):
        """What stands in brackets behind an array, and how it is written."""
        r = self.random
        parts, words, used = [], [], 0
        ellipsis_at = r.randint(0, array.ndim) if r.random() < 0.3 else -1
        for axis, length in enumerate(array.shape):
            if axis == ellipsis_at:
                parts.append(Ellipsis)
                words.append("e")
                axis_left = r.randint(0, array.ndim - axis)
                if axis_left > 0:  # the ellipsis stands for the rest
                    break
            if r.random() < 0.1 and array.ndim + used < 6:
                parts.append(None)
                words.append("n")
                used += 1
            choice = r.random()
            if choice < 0.2 and length > 0:
                at = r.randint(-length, length - 1)
                parts.append(at)
                words += ["i", at]
            elif choice < 0.8:
                start = None if r.random() < 0.3 else r.randint(-length - 3, length + 3)
                stop = None if r.random() < 0.3 else r.randint(-length - 3, length + 3)
                step = r.choice([1, 1, 1, 2, 3, -1, -1, -2, 5])
                parts.append(slice(start, stop, step))
                words += ["s", "_" if start is None else start, "_" if stop is None else stop, step]
            else:
                parts.append(slice(None))
                words.append("a")
        return tuple(parts), [len(parts), *words]

    def index(self, name, array):
        parts, words = self.parts(array)
        result = self.name()
        self.line("index", result, name, *words)
        return result, array[parts]

    def fitting(self, name, array, types):
        """The array in one of these types, if it can be converted to one."""
        if str(array.dtype) in types:
            return name, array
        op = {"b": "to_int64", "u": "to_int64", "i": "to_int64", "f": "to_float64", "c": "real"}[array.dtype.kind]
        if str(array.dtype) not in TYPES:
            return None
        made = EXACT_UNARY[op][0](array)
        if str(made.dtype) not in types:
            return None
        result = self.name()
        self.line("unary", result, op, name)
        return result, made

    def call_step(self, name, array, only_moves):
        """A function of corpus_calls.py: the result's name, and what corpus_calls.Made says of it."""
        for op in self.random.sample(sorted(self.calls), 8):
            function = self.calls[op]
            if only_moves and (not function.moves or str(array.dtype) not in function.types):
                continue
            fit = self.fitting(name, array, function.types)
            try:
                made = function(self, fit[1]) if fit else None
            except corpus_calls.HasNoAxes:
                continue
            if made is None or made.expected.size > corpus_calls.MOST or made.expected.ndim > 5:
                continue
            result = self.name()
            self.line("call", result, op, 1 + len(made.others), fit[0], *made.others, len(made.numbers), *made.numbers,
                      len(made.fractions), *(repr(float(one)) for one in made.fractions), made.parts, made.text)
            return result, made
        return None

    def exact_step(self, name, array):
        """One more operation that NumPy and we do alike, bit for bit."""
        r = self.random
        self.is_extreme = False  # of zeros the sign is nowhere stated
        choice = r.random()
        if choice < 0.3 and array.ndim > 0:
            return self.index(name, array)
        result = self.name()
        if choice < 0.4:
            order = list(range(array.ndim))
            r.shuffle(order)
            self.line("transpose", result, name, array.ndim, *order)
            return result, np.transpose(array, order)
        if choice < 0.5:
            self.line("rechunk", result, name, *self.cut(array.shape))
            return result, array
        if choice < 0.65:
            names = [one for one, (_, kinds) in EXACT_UNARY.items() if allowed(kinds, array.dtype)]
            op = r.choice(names)
            self.line("unary", result, op, name)
            return result, EXACT_UNARY[op][0](array)
        if choice < 0.75:
            names = [one for one, (_, kinds) in WITH_VALUE.items() if allowed(kinds, array.dtype)]
            op = r.choice(names)
            value = 3 if array.dtype.kind in "biu" else 2.5
            if array.dtype.kind == "c" and op == "divide_value":
                return name, array  # NumPy's complex division is not the last bit's
            self.line("value", result, op, name)
            return result, WITH_VALUE[op][0](array, value)
        if r.random() < 0.2 and array.ndim > 0 and str(array.dtype) in TYPES:  # with itself, read otherwise
            flipped = self.name()
            self.line("index", flipped, name, array.ndim, *["s", "_", "_", -1] * array.ndim)
            self.line("binary", result, "add", name, flipped)
            return result, np.add(array, np.flip(array))
        pairs = [pair for pair in PAIRS if str(array.dtype) in pair]
        if not pairs:
            return name, array
        if r.random() < 0.15 and array.ndim > 0 and array.ndim < 5:
            axis = r.randrange(array.ndim)
            shape = list(array.shape)
            shape[axis] = r.randint(0, 4)
            if str(array.dtype) in TYPES and axis < 4:
                other_name, other = self.input(str(array.dtype), tuple(shape))
                self.line("binary", result, f"concatenate_{axis}", name, other_name)
                return result, np.concatenate([array, other], axis)
        one, other = r.choice(sorted(pairs))
        other_type = other if one == str(array.dtype) else one
        other_name, second = self.input(other_type, self.broadcastable(array.shape))
        left, right = (name, array), (other_name, second)
        if one != str(array.dtype):
            left, right = right, left
        op = r.choice(sorted(BINARY))
        types = {str(left[1].dtype), str(right[1].dtype)}
        if (op in ("subtract", "left_shift", "right_shift") and types == {"bool"}) or (op in ("floor_divide", "remainder") and types & {"bool", "complex128"}) \
                or (op in ("fmax", "less", "greater_equal", "where", "divide", "multiply", "minimum", "maximum") and "complex128" in types) \
                or (op.startswith(("bitwise", "left", "right")) and types & {"float32", "float64", "complex128"}):
            op = "add"
        self.is_extreme = op in ("minimum", "maximum", "fmax")
        self.line("binary", result, op, left[0], right[0])
        return result, BINARY[op](left[1], right[1])

    def last_step(self, name, array):
        """An operation with a tolerance, or a reduction. Gives name, result, tolerances."""
        r = self.random
        eps = np.finfo(array.dtype).eps if array.dtype.kind in "fc" else 0.0
        if r.random() < 0.25:
            names = [one for one, (_, kinds) in INEXACT_UNARY.items() if allowed(kinds, array.dtype)]
            if not names:
                return None
            op = r.choice(names)
            result = self.name()
            self.line("unary", result, op, name)
            expected = INEXACT_UNARY[op][0](array)
            return result, expected, 4 * float(np.finfo(expected.dtype).eps), \
                (8 * eps * float(np.max(np.abs(array[np.isfinite(array)]), initial=0)) if op == "fused_norm" else 0.0)
        names = [one for one, (_, kinds) in REDUCTIONS.items() if allowed(kinds, array.dtype)]
        if not names:
            return None
        op = r.choice(names)
        whole = r.random() < 0.4
        axes = list(range(array.ndim)) if whole else sorted(r.sample(range(array.ndim), r.randint(1, array.ndim))) if array.ndim else []
        keepdims = not whole and r.random() < 0.4
        if op.startswith("arg"):
            if whole or array.ndim == 0:
                axes, keepdims = list(range(array.ndim)), False
            else:
                axes = axes[:1]
        gone = int(np.prod([array.shape[axis] for axis in axes]))
        if gone == 0 and op in ("min", "max", "argmin", "argmax", "nanmax"):
            return None
        if array.dtype.kind == "c" and (op in ("min", "max") or not np.all(np.isfinite(array))):
            return None  # NumPy's order of complex NaN, and what it makes of infinities, are its own
        if op == "prod" and corpus_calls.leaves_range(array):
            return None
        if not axes and not whole:
            whole = True
        result = self.name()
        self.line("reduce", result, op, name, int(whole), int(keepdims), len(axes), *axes)
        function = REDUCTIONS[op][0]
        with np.errstate(all="ignore"):
            if op.startswith("arg"):
                expected = function(array, axis=None if len(axes) == array.ndim else axes[0], keepdims=keepdims)
                if len(axes) == array.ndim and keepdims is False:
                    expected = np.asarray(expected)
            else:
                expected = function(array, axis=tuple(axes), keepdims=keepdims)
            expected = np.asarray(expected)
            magnitudes = np.abs(array if array.dtype.kind in "fc" else array.astype("float64"))
            finite = np.where(np.isfinite(magnitudes), magnitudes, 0).astype("float64")
            most, total = float(np.max(finite, initial=0)), float(finite.sum())
        if expected.dtype.kind not in "fc":
            return result, expected, 0.0, 0.0
        eps = float(np.finfo(expected.dtype).eps)
        if op in ("min", "max", "nanmax"):
            return result, expected, 0.0, 0.0
        if op in ("sum", "nansum", "mean", "nanmean"):
            return result, expected, 4 * eps, gone * eps * total
        if op == "prod":
            return result, expected, 4 * eps * gone, 0.0
        return result, expected, 40 * eps, 20 * max(1, gone) * eps * (most * most if op != "std" else most) + (
            most * np.sqrt(gone * eps) if op == "std" else 0.0)

    def check(self, name, expected, rtol, atol, strict):
        expected = np.asarray(expected)
        self.line("check", name, expected.dtype, self.store(expected), repr(float(rtol)), repr(float(atol)),
                  "strict" if strict else "values", expected.ndim, *expected.shape)

    def case(self):
        self.line("case", self.next_case())
        name, array = self.input(self.random.choice(TYPES), self.shape())
        rtol, atol, strict = 0.0, 0.0, True
        with np.errstate(all="ignore"):
            for _ in range(self.random.randint(1, 5)):
                has_zeros = array.dtype.kind == "c" or (array.dtype.kind == "f" and (array == 0).any())
                strict = strict or (rtol == atol == 0 and not has_zeros)
                is_exact = rtol == atol == 0 and strict  # by a zero of another sign may be divided
                if self.random.random() < 0.6 or not is_exact:
                    made = self.call_step(name, array, not is_exact)
                    if made is None:
                        continue
                    name, made = made
                    array, rtol, atol = made.expected, max(rtol, made.rtol), max(atol, made.atol)
                    strict = strict and made.strict
                else:
                    name, array = self.exact_step(name, array)
                    array = np.asarray(array)
                    strict = strict and not self.is_extreme
                if str(array.dtype) not in TYPES:  # a type that the program does not go on with
                    break
            if str(array.dtype) not in TYPES + ["uint64"]:
                return
            goes_on = self.random.random() < 0.5 and str(array.dtype) in TYPES and rtol == atol == 0 and strict
            last = self.last_step(name, array) if goes_on else None
        self.check(name, array, rtol, atol, strict)
        if last is not None and str(np.asarray(last[1]).dtype) in TYPES + ["uint64"]:
            self.check(*last, False)


def main():
    folder, count, seed, libraries = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    os.makedirs(folder, exist_ok=True)
    corpus = Corpus(folder, seed, libraries)
    for _ in range(count):
        corpus.case()
    corpus_special.write(corpus)
    corpus.line("end")


main()
