// Packs: short arrays of numbers that live in vector registers, whatever width a level's registers have.
//
// Every operation acts on its own lane and is the IEEE one, so the bytes do not depend on the instruction level.
// A pack wider than a register is made of two halves (GNU vectors wider than a register would live in memory).
#pragma once

#include <cstring>

#include "dispatch.hpp"

namespace simcore {

constexpr int kLanes = 8;  // spheres, angles or directions that the kernels treat side by side

template <class T, int count, int bytes, bool whole = (count * static_cast<int>(sizeof(T)) <= bytes)>
struct Pack;

#if defined(__GNUC__) && !defined(SIMCORE_PLAIN_LANES)
template <class T, int count, int bytes>
struct Pack<T, count, bytes, true> {
    typedef T Vector __attribute__((vector_size(count * sizeof(T))));
    Vector v;

    SIMCORE_INLINE Pack() : v{} {}
    SIMCORE_INLINE Pack(T value) : v{} { v += value; }
    SIMCORE_INLINE explicit Pack(const T* from) { std::memcpy(&v, from, sizeof v); }
    SIMCORE_INLINE void store(T* to) const { std::memcpy(to, &v, sizeof v); }

    SIMCORE_INLINE Pack& operator+=(const Pack& b) { return v += b.v, *this; }
    SIMCORE_INLINE Pack& operator-=(const Pack& b) { return v -= b.v, *this; }
    SIMCORE_INLINE Pack& operator*=(const Pack& b) { return v *= b.v, *this; }
    SIMCORE_INLINE Pack& operator/=(const Pack& b) { return v /= b.v, *this; }
    SIMCORE_INLINE Pack& times(T b) { return v *= b, *this; }
    // a where x >= y (x == y), else b.
    static SIMCORE_INLINE Pack where_at_least(const Pack& x, const Pack& y, const Pack& a, const Pack& b) {
        Pack chosen;
        chosen.v = x.v >= y.v ? a.v : b.v;
        return chosen;
    }
    static SIMCORE_INLINE Pack where_equal(const Pack& x, const Pack& y, const Pack& a, const Pack& b) {
        Pack chosen;
        chosen.v = x.v == y.v ? a.v : b.v;
        return chosen;
    }
};
#else  // compilers without GNU vectors: the same lanes in plain loops
template <class T, int count, int bytes>
struct Pack<T, count, bytes, true> {
    T v[count];

    SIMCORE_INLINE Pack() : v{} {}
    SIMCORE_INLINE Pack(T value) {
        for (T& lane : v) lane = value;
    }
    SIMCORE_INLINE explicit Pack(const T* from) { std::memcpy(v, from, sizeof v); }
    SIMCORE_INLINE void store(T* to) const { std::memcpy(to, v, sizeof v); }

    SIMCORE_INLINE Pack& operator+=(const Pack& b) {
        for (int i = 0; i < count; ++i) v[i] += b.v[i];
        return *this;
    }
    SIMCORE_INLINE Pack& operator-=(const Pack& b) {
        for (int i = 0; i < count; ++i) v[i] -= b.v[i];
        return *this;
    }
    SIMCORE_INLINE Pack& operator*=(const Pack& b) {
        for (int i = 0; i < count; ++i) v[i] *= b.v[i];
        return *this;
    }
    SIMCORE_INLINE Pack& operator/=(const Pack& b) {
        for (int i = 0; i < count; ++i) v[i] /= b.v[i];
        return *this;
    }
    SIMCORE_INLINE Pack& times(T b) {
        for (int i = 0; i < count; ++i) v[i] *= b;
        return *this;
    }
    static SIMCORE_INLINE Pack where_at_least(const Pack& x, const Pack& y, const Pack& a, const Pack& b) {
        Pack chosen;
        for (int i = 0; i < count; ++i) chosen.v[i] = x.v[i] >= y.v[i] ? a.v[i] : b.v[i];
        return chosen;
    }
    static SIMCORE_INLINE Pack where_equal(const Pack& x, const Pack& y, const Pack& a, const Pack& b) {
        Pack chosen;
        for (int i = 0; i < count; ++i) chosen.v[i] = x.v[i] == y.v[i] ? a.v[i] : b.v[i];
        return chosen;
    }
};
#endif

template <class T, int count, int bytes>
struct Pack<T, count, bytes, false> {
    using Half = Pack<T, count / 2, bytes>;
    Half low, high;

    SIMCORE_INLINE Pack() {}
    SIMCORE_INLINE Pack(T value) : low(value), high(value) {}
    SIMCORE_INLINE explicit Pack(const T* from) : low(from), high(from + count / 2) {}
    SIMCORE_INLINE Pack(const Half& first, const Half& second) : low(first), high(second) {}
    SIMCORE_INLINE void store(T* to) const {
        low.store(to);
        high.store(to + count / 2);
    }

    SIMCORE_INLINE Pack& operator+=(const Pack& b) { return low += b.low, high += b.high, *this; }
    SIMCORE_INLINE Pack& operator-=(const Pack& b) { return low -= b.low, high -= b.high, *this; }
    SIMCORE_INLINE Pack& operator*=(const Pack& b) { return low *= b.low, high *= b.high, *this; }
    SIMCORE_INLINE Pack& operator/=(const Pack& b) { return low /= b.low, high /= b.high, *this; }
    SIMCORE_INLINE Pack& times(T b) { return low.times(b), high.times(b), *this; }
    static SIMCORE_INLINE Pack where_at_least(const Pack& x, const Pack& y, const Pack& a, const Pack& b) {
        return {Half::where_at_least(x.low, y.low, a.low, b.low), Half::where_at_least(x.high, y.high, a.high, b.high)};
    }
    static SIMCORE_INLINE Pack where_equal(const Pack& x, const Pack& y, const Pack& a, const Pack& b) {
        return {Half::where_equal(x.low, y.low, a.low, b.low), Half::where_equal(x.high, y.high, a.high, b.high)};
    }
};

#define SIMCORE_PACK_OPERATOR(op)                                                                         \
    template <class T, int count, int bytes, bool whole>                                                  \
    SIMCORE_INLINE Pack<T, count, bytes, whole> operator op(const Pack<T, count, bytes, whole>& a,        \
                                                            const Pack<T, count, bytes, whole>& b) {      \
        Pack<T, count, bytes, whole> result = a;                                                          \
        return result op## = b;                                                                           \
    }                                                                                                     \
    template <class T, int count, int bytes, bool whole>                                                  \
    SIMCORE_INLINE Pack<T, count, bytes, whole> operator op(T a, const Pack<T, count, bytes, whole>& b) { \
        Pack<T, count, bytes, whole> result = a;                                                          \
        return result op## = b;                                                                           \
    }                                                                                                     \
    template <class T, int count, int bytes, bool whole>                                                  \
    SIMCORE_INLINE Pack<T, count, bytes, whole> operator op(const Pack<T, count, bytes, whole>& a, T b) { \
        Pack<T, count, bytes, whole> result = a;                                                          \
        return result op## = Pack<T, count, bytes, whole>(b);                                             \
    }
// clang-format off
SIMCORE_PACK_OPERATOR(+)
SIMCORE_PACK_OPERATOR(-)
SIMCORE_PACK_OPERATOR(*)
SIMCORE_PACK_OPERATOR(/)
// clang-format on
#undef SIMCORE_PACK_OPERATOR

// a * b without a pack of a: one instruction where the machine has it.
template <class T, int count, int bytes, bool whole>
SIMCORE_INLINE Pack<T, count, bytes, whole> scaled(T a, const Pack<T, count, bytes, whole>& b) {
    Pack<T, count, bytes, whole> result = b;
    return result.times(a);
}

// Four floats; `transpose` makes rows of columns. Only where the compiler knows how to shuffle them.
#if defined(__GNUC__) && !defined(SIMCORE_PLAIN_LANES) && (defined(__clang__) || __GNUC__ >= 12)
#define SIMCORE_QUADS 1
typedef float Quad __attribute__((vector_size(16)));

SIMCORE_INLINE void transpose(Quad& a, Quad& b, Quad& c, Quad& d) {
    const Quad low = __builtin_shufflevector(a, b, 0, 4, 1, 5), high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const Quad next = __builtin_shufflevector(c, d, 0, 4, 1, 5), last = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    a = __builtin_shufflevector(low, next, 0, 1, 4, 5);
    b = __builtin_shufflevector(low, next, 2, 3, 6, 7);
    c = __builtin_shufflevector(high, last, 0, 1, 4, 5);
    d = __builtin_shufflevector(high, last, 2, 3, 6, 7);
}

// Two of them side by side, for registers of 32 bytes.
typedef float TwoQuads __attribute__((vector_size(32)));

SIMCORE_INLINE TwoQuads joined(const Quad& a, const Quad& b) {
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
}

SIMCORE_INLINE void transpose(TwoQuads& a, TwoQuads& b, TwoQuads& c, TwoQuads& d) {
    const TwoQuads low = __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
    const TwoQuads high = __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
    const TwoQuads next = __builtin_shufflevector(c, d, 0, 8, 1, 9, 4, 12, 5, 13);
    const TwoQuads last = __builtin_shufflevector(c, d, 2, 10, 3, 11, 6, 14, 7, 15);
    a = __builtin_shufflevector(low, next, 0, 1, 8, 9, 4, 5, 12, 13);
    b = __builtin_shufflevector(low, next, 2, 3, 10, 11, 6, 7, 14, 15);
    c = __builtin_shufflevector(high, last, 0, 1, 8, 9, 4, 5, 12, 13);
    d = __builtin_shufflevector(high, last, 2, 3, 10, 11, 6, 7, 14, 15);
}
#else
#define SIMCORE_QUADS 0
#endif

}  // namespace simcore

// As SIMCORE_DISPATCH; body is a template whose first parameter is the bytes of a vector register.
#define SIMCORE_DISPATCH_LANES(name, body, parameters, arguments) \
    SIMCORE_DISPATCH_EACH(name, body<64>, body<32>, body<16>, parameters, arguments)
