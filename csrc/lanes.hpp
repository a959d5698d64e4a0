// Fixed-width vectors (GNU vector extensions), split by the compiler into whatever registers a level has.
//
// Every operation acts on its own lane and is the IEEE one, so the bytes do not depend on the instruction level.
#pragma once

#include <cstdint>
#include <cstring>

#include "dispatch.hpp"

namespace simcore {

constexpr int kLanes = 8;
typedef double Double8 __attribute__((vector_size(64)));
typedef float Float16 __attribute__((vector_size(64)));
typedef std::int64_t Mask8 __attribute__((vector_size(64)));
typedef float Float4 __attribute__((vector_size(16)));
typedef double Double4 __attribute__((vector_size(32)));

template <class T>
struct Lanes;
template <>
struct Lanes<float> {
    using Wide = Float16;  // 64 bytes
    using Quad = Float4;   // one value each of four functions
};
template <>
struct Lanes<double> {
    using Wide = Double8;
    using Quad = Double4;
};

template <class V, class T>
SIMCORE_INLINE void load(V& value, const T* from) {
    std::memcpy(&value, from, sizeof(V));
}

template <class V, class T>
SIMCORE_INLINE void store(T* to, const V& value) {
    std::memcpy(to, &value, sizeof(V));
}

}  // namespace simcore
