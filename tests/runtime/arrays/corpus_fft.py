# SPDX-License-Identifier: BSD-3-Clause
"""Fourier transforms. The other side is corpus_fft.cpp; see corpus_calls.py."""
import numpy as np

from corpus_calls import an_axis, call, EPS, finite, Made, some_axes

NORMS = ["backward", "ortho", "forward"]


def transforms(name, types, is_back):
    def made(c, a):
        if a.ndim == 0 or a.size == 0 or not np.isfinite(a).all() or finite(a).max() > 1e6:
            return None
        d, axis = an_axis(c, a)
        norm, n = c.random.choice(NORMS), c.random.choice([None, c.random.randint(1, 2 * a.shape[d] + 2)])
        if name == "irfft" and n is None and a.shape[d] == 1:
            return None
        expected = getattr(np.fft, name)(a, n, d, norm)
        return fourier(expected, a, is_back, norm, [expected.shape[d] if name != "rfft" else n or a.shape[d]],
                       [NORMS.index(norm), axis] + ([n] if n else []))
    made.__name__ = name
    call(types, needs="fft")(made)


def several(name, types, is_back):
    def made(c, a):
        if a.ndim == 0 or a.size == 0 or not np.isfinite(a).all() or finite(a).max() > 1e6:
            return None
        axes = c.random.sample(range(a.ndim), c.random.randint(1, a.ndim))
        shape = [c.random.randint(1, a.shape[d] + 2) for d in axes] if c.random.random() < 0.5 or name == "irfftn" else None
        norm = c.random.choice(NORMS)
        expected = getattr(np.fft, name)(a, shape, axes, norm)
        return fourier(expected, a, is_back, norm, shape or [a.shape[d] for d in axes],
                       [NORMS.index(norm), len(axes), *axes, *(shape or [])])
    made.__name__ = name
    call(types, needs="fft")(made)


def fourier(expected, a, is_back, norm, lengths, numbers):
    """Each element of a transform is a sum of all along its lines, scaled; of which each step may round."""
    points = float(np.prod(lengths))
    is_scaled = norm != "ortho" and (norm == "backward") == is_back
    scale = points ** -0.5 if norm == "ortho" else 1 / points if is_scaled else 1.0
    steps = np.log2(points + 1) + 1
    return Made(expected, numbers=numbers, atol=8 * steps * EPS["float64"] * scale * 2 * float(np.abs(a).sum()),
                strict=False)


transforms("fft", "int64 float64 complex128", False)
transforms("ifft", "float64 complex128", True)
transforms("rfft", "int64 float64", False)
transforms("irfft", "float64 complex128", True)
several("fftn", "float64 complex128", False)
several("ifftn", "complex128", True)
several("rfftn", "float64", False)
several("irfftn", "complex128", True)


def shifted(name):
    def made(c, a):
        axes = some_axes(c, a)
        return Made(getattr(np.fft, name)(a, axes), numbers=axes)
    made.__name__ = name
    call("int64 float64 complex128", moves=True, needs="fft")(made)


shifted("fftshift")
shifted("ifftshift")


def frequencies(name):
    def made(c, a):
        n, apart = c.random.randint(1, 20), c.random.choice([1.0, 0.1, 3.0])
        return Made(getattr(np.fft, name)(n, apart), numbers=[n, c.random.randint(1, 8)], fractions=[apart],
                    rtol=2 * EPS["float64"])
    made.__name__ = name
    call("float64", needs="fft")(made)


frequencies("fftfreq")
frequencies("rfftfreq")
