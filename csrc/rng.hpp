// Random numbers of pixels: a pure function of (seed, name, example, copy, pixel, attempt).
//
// One image of one feature has one stream. Philox4x64-10 with key = seed (two 64-bit words, low first) and counter =
// [0, example, hash64(name), hash64(copy and frame)], raised once as numpy.random.Philox does before its first block,
// gives four words. Word 0 is the key of a Philox4x32-10 (low half first), word 1 the upper 64 bits of its counter (low
// half first); counter word 0 is the pixel, counter word 1 the attempt (what a rejection method raises; a feature that
// draws several kinds of numbers per pixel numbers them in its upper bits). Each (pixel, attempt) owns one block of
// four 32-bit words, so no number depends on vector width, block, thread or another pixel.
//
// Philox: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.hpp"
#include "elementary.hpp"

namespace simcore {

struct PixelStream {
    std::uint32_t key[2];
    std::uint32_t high[2];  // counter words 2 and 3
};

// address: (example, hash64 of the name, hash64 of copy and frame)
PixelStream pixel_stream(const std::uint64_t seed[2], const std::uint64_t address[3]);

namespace rng {

// Four 32-bit words, each in the low half of a 64-bit lane: what vectorises best.
struct Block {
    std::uint64_t words[4];
};

SIMCORE_INLINE Block block(const PixelStream& stream, std::uint32_t pixel, std::uint32_t attempt) {
    constexpr std::uint64_t mask = 0xffffffffu;
    std::uint64_t c0 = pixel, c1 = attempt, c2 = stream.high[0], c3 = stream.high[1];
    std::uint32_t k0 = stream.key[0], k1 = stream.key[1];
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 10
#endif
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t product0 = (c0 & mask) * std::uint64_t{0xD2511F53u};
        const std::uint64_t product1 = (c2 & mask) * std::uint64_t{0xCD9E8D57u};
        c0 = (product1 >> 32) ^ c1 ^ k0;
        c1 = product1 & mask;
        c2 = (product0 >> 32) ^ c3 ^ k1;
        c3 = product0 & mask;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return {{c0, c1, c2, c3}};
}

// (j + 1/2) / 2^52 with j the upper 52 bits of the 64-bit number: symmetric about 1/2, never 0 or 1.
SIMCORE_INLINE double uniform(std::uint64_t low, std::uint64_t high) {
    const std::uint64_t bits = (((high << 32) | low) >> 12) | 0x3ff0000000000000u;
    return elementary::double_of(bits) - (1.0 - 0x1p-53);
}

// The two uniform numbers of `count` pixels, from words (0, 1) and (2, 3): of those listed, or of pixel first_pixel and
// on.
void uniform_pairs(const PixelStream& stream, const std::uint32_t* pixel, std::uint32_t attempt, std::size_t count,
                   double* first, double* second);
void uniform_pairs(const PixelStream& stream, std::uint32_t first_pixel, std::uint32_t attempt, std::size_t count,
                   double* first, double* second);

}  // namespace rng
}  // namespace simcore
