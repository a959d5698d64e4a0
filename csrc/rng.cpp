#include "rng.hpp"

#include <cstring>

#include "philox.h"

namespace simcore {
namespace {

struct Pairs {
    PixelStream stream;
    const std::uint32_t* pixel;  // nullptr: those from first_pixel on
    std::uint32_t first_pixel, attempt;
    std::size_t count;
    double *first, *second;

    SIMCORE_INLINE std::uint32_t at(std::size_t i) const {
        return pixel ? pixel[i] : first_pixel + static_cast<std::uint32_t>(i);
    }
};

SIMCORE_INLINE void plain_pairs(const Pairs& p, std::size_t start = 0) {
    for (std::size_t i = start; i < p.count; ++i) {
        const rng::Block words = rng::block(p.stream, p.at(i), p.attempt);
        p.first[i] = rng::uniform(words.words[0], words.words[1]);
        p.second[i] = rng::uniform(words.words[2], words.words[3]);
    }
}

#if SIMCORE_LEVELS
// The same side by side: compilers take three instructions and more for a product of the low halves of 64-bit lanes,
// for which there is one. The upper halves may hold anything until the end.
template <int bytes>
struct Lanes {
    typedef std::uint64_t Words __attribute__((vector_size(bytes)));
    static constexpr std::size_t count = bytes / sizeof(std::uint64_t);

    static SIMCORE_INLINE void multiply(const Words& a, const Words& b, Words& product) {
        asm("vpmuludq %2, %1, %0" : "=v"(product) : "v"(a), "v"(b));
    }
    static SIMCORE_INLINE void store_uniform(const Words& low, const Words& high, double* to) {
        const Words bits = (((high << 32) | (low & 0xffffffffu)) >> 12) | 0x3ff0000000000000u;
        typedef double Doubles __attribute__((vector_size(bytes)));
        Doubles value;
        std::memcpy(&value, &bits, sizeof value);
        value -= 1.0 - 0x1p-53;
        std::memcpy(to, &value, sizeof value);
    }
};

template <int bytes>
SIMCORE_INLINE void pairs_body(const Pairs& p) {
    using L = Lanes<bytes>;
    using Words = typename L::Words;
    const Words zero{}, first = zero + 0xD2511F53u, second = zero + 0xCD9E8D57u;
    std::size_t start = 0;
    for (; start + L::count <= p.count; start += L::count) {
        Words c0, c1 = zero + p.attempt, c2 = zero + p.stream.high[0], c3 = zero + p.stream.high[1];
        for (std::size_t i = 0; i < L::count; ++i) c0[i] = p.at(start + i);
        std::uint32_t k0 = p.stream.key[0], k1 = p.stream.key[1];
#pragma GCC unroll 10
        for (int round = 0; round < 10; ++round) {
            Words a, b;
            L::multiply(c0, first, a);
            L::multiply(c2, second, b);
            c0 = (b >> 32) ^ c1 ^ k0;
            c1 = b;
            c2 = (a >> 32) ^ c3 ^ k1;
            c3 = a;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        L::store_uniform(c0, c1, p.first + start);
        L::store_uniform(c2, c3, p.second + start);
    }
    plain_pairs(p, start);
}

SIMCORE_DISPATCH_EACH(fill_pairs, pairs_body<64>, pairs_body<32>, plain_pairs, (const Pairs& p), (p))
#else
void fill_pairs(const Pairs& p) { plain_pairs(p, 0); }
#endif

}  // namespace

PixelStream pixel_stream(const std::uint64_t seed[2], const std::uint64_t address[3]) {
    const std::uint64_t counter[4] = {1, address[0], address[1], address[2]};
    std::uint64_t words[4];
    simcore_philox_block(counter, seed, words);
    const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
    return {{low(words[0]), low(words[0] >> 32)}, {low(words[1]), low(words[1] >> 32)}};
}

namespace rng {

void uniform_pairs(const PixelStream& stream, const std::uint32_t* pixel, std::uint32_t attempt, std::size_t count,
                   double* first, double* second) {
    fill_pairs({stream, pixel, 0, attempt, count, first, second});
}

void uniform_pairs(const PixelStream& stream, std::uint32_t first_pixel, std::uint32_t attempt, std::size_t count,
                   double* first, double* second) {
    fill_pairs({stream, nullptr, first_pixel, attempt, count, first, second});
}

}  // namespace rng
}  // namespace simcore
