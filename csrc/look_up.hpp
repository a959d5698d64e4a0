// Cubic pieces of two functions, looked up together.
#pragma once

#include <cstdint>

#include "dispatch.hpp"
#include "lanes.hpp"
#include "sphere_rows.hpp"

namespace simcore {

// Of each cell of a tile: its interval, where the pieces of that stand, where in it the cell lies, and the square of
// that; cosine and sine of 2 psi.
template <class T>
struct TileScratch {
    alignas(64) std::int32_t base[kTile];
    alignas(64) std::int32_t place[kTile];
    alignas(64) T fraction[kTile];
    alignas(64) T square[kTile];
    alignas(64) T cosine[kTile];
    alignas(64) T sine[kTile];
    alignas(64) T values[4 * kTile];
};

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
