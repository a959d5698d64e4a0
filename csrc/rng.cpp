#include "rng.hpp"

#include "philox.h"

namespace simcore {

PixelStream pixel_stream(const std::uint64_t seed[2], const std::uint64_t address[3]) {
    const std::uint64_t counter[4] = {1, address[0], address[1], address[2]};
    std::uint64_t words[4];
    simcore_philox_block(counter, seed, words);
    const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
    return {{low(words[0]), low(words[0] >> 32)}, {low(words[1]), low(words[1] >> 32)}};
}

}  // namespace simcore
