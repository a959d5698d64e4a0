// Cubic pieces of two functions, looked up together.
#pragma once

#include <cstdint>

#include "dispatch.hpp"
#include "lanes.hpp"

namespace simcore {

// Of cells from .. to - 1, whose pieces stand at `place`, in pairs as cubic_pieces gives them: at the fraction u of an
// interval they are values[0] + u values[2] and values[1] + u values[3]. `square`: of u.
template <int bytes, class T>
SIMCORE_INLINE void look_up_pairs(std::int64_t from, std::int64_t to, const T* pieces, const std::int32_t* place,
                                  const T* square, T* values) {
    using Quad = Pack<T, 4, bytes>;
    for (std::int64_t i = from; i < to; ++i) {
        const T* at = pieces + place[i];
        (Quad(at) + scaled(square[i], Quad(at + 4))).store(values + 4 * i);
    }
}

}  // namespace simcore
