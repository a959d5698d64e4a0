// How an image goes on beyond its edge.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace simcore {

enum class Edge {
    constant,  // pixels of a given value
    reflect,   // d c b a | a b c d | d c b a
    nearest    // a a a a | a b c d | d d d d
};

// Which of the `size` pixels stands at place i, for Edge::reflect and Edge::nearest.
inline std::size_t pixel_beyond(std::int64_t i, std::size_t size, Edge edge) {
    const auto n = static_cast<std::int64_t>(size);
    if (edge == Edge::nearest) return static_cast<std::size_t>(std::min(std::max<std::int64_t>(i, 0), n - 1));
    const std::int64_t around = ((i % (2 * n)) + 2 * n) % (2 * n);
    return static_cast<std::size_t>(around < n ? around : 2 * n - 1 - around);
}

}  // namespace simcore
