# cython: boundscheck=False, wraparound=False, cdivision=True
"""Property draws: NumPy's own distributions, each example on a Philox stream of its own.

Draw ``name`` of example ``i`` is what ``numpy.random.Generator(numpy.random.Philox(key=seed, counter=[0, i, name, copy]))``
gives, bit for bit, however many examples are asked for at once and in whatever order.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t
from numpy.random cimport bitgen_t
from numpy.random.c_distributions cimport (
    random_bounded_uint64,
    random_gamma,
    random_lognormal,
    random_normal,
    random_poisson,
    random_standard_exponential,
    random_uniform,
)


cdef extern from "philox.h" nogil:
    ctypedef struct simcore_philox:
        pass
    void simcore_philox_start(simcore_philox *state, const uint64_t *key, uint64_t example, uint64_t name, uint64_t copy)
    uint64_t simcore_philox_next64(void *state)
    uint32_t simcore_philox_next32(void *state)
    double simcore_philox_next_double(void *state)


cdef void connect(bitgen_t *generator, simcore_philox *state) noexcept nogil:
    generator.state = state
    generator.next_uint64 = simcore_philox_next64
    generator.next_uint32 = simcore_philox_next32
    generator.next_double = simcore_philox_next_double
    generator.next_raw = simcore_philox_next64


cdef double one_float(int kind, bitgen_t *generator, double a, double b) noexcept nogil:
    if kind == 0:
        return random_uniform(generator, a, b - a)
    if kind == 1:
        return random_normal(generator, a, b)
    if kind == 2:
        return random_lognormal(generator, a, b)
    if kind == 3:
        return random_standard_exponential(generator) * a
    return random_gamma(generator, a, b)


FLOATS = {"uniform": 0, "normal": 1, "lognormal": 2, "exponential": 3, "gamma": 4}
INTEGERS = {"integers": 0, "poisson": 1}


def draw_floats(str kind, const uint64_t[::1] key, const uint64_t[::1] example, uint64_t name,
                const uint64_t[::1] copy, const double[:, ::1] first, const double[:, ::1] second,
                double[:, ::1] out):
    """Fill ``out`` (example, value); ``first`` and ``second`` are the parameters, of the same shape."""
    cdef int code = FLOATS[kind]
    cdef simcore_philox state
    cdef bitgen_t generator
    cdef Py_ssize_t i, j
    check(key, example, copy, first.shape, second.shape, out.shape)
    with nogil:
        connect(&generator, &state)
        for i in range(out.shape[0]):
            simcore_philox_start(&state, &key[0], example[i], name, copy[i])
            for j in range(out.shape[1]):
                out[i, j] = one_float(code, &generator, first[i, j], second[i, j])


def draw_integers(str kind, const uint64_t[::1] key, const uint64_t[::1] example, uint64_t name,
                  const uint64_t[::1] copy, const double[:, ::1] first, const double[:, ::1] second,
                  int64_t[:, ::1] out):
    """Fill ``out`` (example, value): integers in [first, second), or Poisson numbers of mean ``first``."""
    cdef int code = INTEGERS[kind]
    cdef simcore_philox state
    cdef bitgen_t generator
    cdef Py_ssize_t i, j
    cdef int64_t low
    cdef uint64_t number
    check(key, example, copy, first.shape, second.shape, out.shape)
    with nogil:
        connect(&generator, &state)
        for i in range(out.shape[0]):
            simcore_philox_start(&state, &key[0], example[i], name, copy[i])
            for j in range(out.shape[1]):
                if code == 1:
                    out[i, j] = random_poisson(&generator, first[i, j])
                else:
                    low = <int64_t>first[i, j]
                    number = <uint64_t>(<int64_t>second[i, j] - 1 - low)
                    out[i, j] = <int64_t>random_bounded_uint64(&generator, <uint64_t>low, number, 0, False)


cdef check(const uint64_t[::1] key, const uint64_t[::1] example, const uint64_t[::1] copy,
           const Py_ssize_t *first, const Py_ssize_t *second, const Py_ssize_t *out):
    if key.shape[0] != 2:
        raise ValueError("key: two 64-bit words")
    if example.shape[0] != out[0] or copy.shape[0] != out[0]:
        raise ValueError("example, copy: one entry for each row of out")
    if first[0] != out[0] or second[0] != out[0] or first[1] != out[1] or second[1] != out[1]:
        raise ValueError("parameters: the shape of out")


def choose_places(const int64_t[::1] first, const int64_t[::1] start, const double[:, ::1] position,
                  const double[::1] diameter, int64_t[::1] out):
    """Choose for each copy, in order, its first attempt that keeps (d_i + d_j) / 2 from the copies of its example before it.

    Copies of example e are first[e] .. first[e + 1], the attempts of copy i the rows start[i] .. start[i + 1] of ``position``
    (row, axis); out: the attempt, -1 where none does.
    """
    cdef Py_ssize_t e, i, j, a, axis
    cdef Py_ssize_t axes = position.shape[1], copies = out.shape[0]
    cdef double square, step, least
    cdef bint free
    if start.shape[0] != copies + 1 or diameter.shape[0] != copies:
        raise ValueError("start, diameter, out: one entry for each copy")
    if first.shape[0] < 1 or first[0] != 0 or first[first.shape[0] - 1] != copies:
        raise ValueError("first: from 0 to the number of copies")
    if start[0] != 0 or start[copies] != position.shape[0]:
        raise ValueError("start: from 0 to the number of positions")
    for e in range(first.shape[0] - 1):
        if first[e + 1] < first[e]:
            raise ValueError("first: must not decrease")
    for i in range(copies):
        if start[i + 1] < start[i]:
            raise ValueError("start: must not decrease")
    with nogil:
        for e in range(first.shape[0] - 1):
            for i in range(first[e], first[e + 1]):
                out[i] = -1
                for a in range(start[i + 1] - start[i]):
                    free = True
                    for j in range(first[e], i):
                        if out[j] < 0:
                            continue
                        square = 0.0
                        for axis in range(axes):
                            step = position[start[i] + a, axis] - position[start[j] + out[j], axis]
                            square += step * step
                        least = 0.5 * (diameter[i] + diameter[j])
                        if square < least * least:
                            free = False
                            break
                    if free:
                        out[i] = a
                        break
