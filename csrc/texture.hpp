// Gradient noise in three dimensions, in three octaves (Perlin, SIGGRAPH 1985; quintic fade: Perlin, SIGGRAPH 2002).
//
// Octave o has lattice points every scale / 2^o and the amplitude 1 / 2^o; together, their standard deviation is 1. The
// gradient at a lattice point has three components, uniform in [-1, 1): bits from 31, 20 and 9 on of a hash of the
// point's numbers, which are shifted by words of the body's stream, times primes (Teschner et al., VMV 2003), mixed by
// lowbias32 (Wellons, "Prospecting for hash functions", 2018).
#pragma once

#include <cstdint>
#include <cstring>

#include "dispatch.hpp"
#include "lanes.hpp"
#include "rng.hpp"

namespace simcore {

constexpr int kOctaves = 3;
constexpr int kGrains = 2 * kLanes;  // points side by side

struct Texture {
    float amplitude[kOctaves] = {};  // 0: octave left out
    float step[kOctaves] = {};       // um between lattice points
    float shift[kOctaves][3] = {};   // in steps, so that no lattice point is bound to the centre
    std::uint32_t key[kOctaves][3] = {};
};

// Texture of one body from words (o, 1) of its stream. Octaves finer than two pixels fade out; fainter than 2 % of the
// coarsest, or at one pixel, they are gone.
Texture texture(const PixelStream& stream, double amplitude, double scale, double pixel_size);

namespace noise3 {

SIMCORE_INLINE float fade(float t) { return t * t * t * (t * (t * 6.0f - 15.0f) + 10.0f); }

SIMCORE_INLINE std::int32_t floor_of(float value) {
    const auto whole = static_cast<std::int32_t>(value);
    return whole - (value < static_cast<float>(whole) ? 1 : 0);
}

constexpr float kUnit = 0x1p-31f;  // of a component

// Gradient at a lattice point times the distance (dx, dy, dz) from it, in kUnit; x, y, z: its numbers times the primes.
SIMCORE_INLINE float corner(std::uint32_t x, std::uint32_t y, std::uint32_t z, float dx, float dy, float dz) {
    std::uint32_t hash = x ^ y ^ z;
    hash ^= hash >> 16;
    hash *= 0x7feb352du;
    hash ^= hash >> 15;
    hash *= 0x846ca68bu;
    hash ^= hash >> 16;
    return static_cast<float>(static_cast<std::int32_t>(hash)) * dx +
           static_cast<float>(static_cast<std::int32_t>(hash << 11)) * dy +
           static_cast<float>(static_cast<std::int32_t>(hash << 22)) * dz;
}

SIMCORE_INLINE float mix(float a, float b, float t) { return a + t * (b - a); }

SIMCORE_INLINE float value(const std::uint32_t* key, float x, float y, float z) {
    constexpr std::uint32_t prime[3] = {0x9E3779B1u, 0x85EBCA77u, 0xC2B2AE3Du};
    const std::int32_t i = floor_of(x), j = floor_of(y), k = floor_of(z);
    const float dx = x - static_cast<float>(i), dy = y - static_cast<float>(j), dz = z - static_cast<float>(k);
    const std::uint32_t x0 = (static_cast<std::uint32_t>(i) + key[0]) * prime[0], x1 = x0 + prime[0];
    const std::uint32_t y0 = (static_cast<std::uint32_t>(j) + key[1]) * prime[1], y1 = y0 + prime[1];
    const std::uint32_t z0 = (static_cast<std::uint32_t>(k) + key[2]) * prime[2], z1 = z0 + prime[2];
    const float u = fade(dx), v = fade(dy), w = fade(dz);
    const float near =
        mix(mix(corner(x0, y0, z0, dx, dy, dz), corner(x1, y0, z0, dx - 1.0f, dy, dz), u),
            mix(corner(x0, y1, z0, dx, dy - 1.0f, dz), corner(x1, y1, z0, dx - 1.0f, dy - 1.0f, dz), u), v);
    const float far = mix(
        mix(corner(x0, y0, z1, dx, dy, dz - 1.0f), corner(x1, y0, z1, dx - 1.0f, dy, dz - 1.0f), u),
        mix(corner(x0, y1, z1, dx, dy - 1.0f, dz - 1.0f), corner(x1, y1, z1, dx - 1.0f, dy - 1.0f, dz - 1.0f), u), v);
    return mix(near, far, w) * kUnit;
}

}  // namespace noise3

// The factors max(0, 1 + amplitude noise) at kGrains points start + (first + i) step + (middle[i] + part half[i]) up
// (um, in the body's own axes).
SIMCORE_INLINE void texture_lanes(const Texture& grain, const float (&start)[3], const float (&step)[3],
                                  const float (&up)[3], const float* middle, const float* half, float part,
                                  std::int64_t first, float* factor) {
    float sum[kGrains], height[kGrains];
    for (int lane = 0; lane < kGrains; ++lane) {
        sum[lane] = 1.0f;
        height[lane] = middle[lane] + part * half[lane];
    }
    for (int o = 0; o < kOctaves; ++o) {
        if (grain.amplitude[o] == 0.0f) continue;
        const float scale = 1.0f / grain.step[o], amplitude = grain.amplitude[o];
        const std::uint32_t key[3] = {grain.key[o][0], grain.key[o][1], grain.key[o][2]};
        float from[3], by[3], rise[3];
        for (int i = 0; i < 3; ++i) {
            from[i] = start[i] * scale + grain.shift[o][i];
            by[i] = step[i] * scale;
            rise[i] = up[i] * scale;
        }
        for (int lane = 0; lane < kGrains; ++lane) {
            const auto t = static_cast<float>(first + lane);
            const float z = height[lane];
            sum[lane] +=
                amplitude * noise3::value(key, from[0] + t * by[0] + z * rise[0], from[1] + t * by[1] + z * rise[1],
                                          from[2] + t * by[2] + z * rise[2]);
        }
    }
    for (float& lane : sum) lane = lane < 0.0f ? 0.0f : lane;
    std::memcpy(factor, sum, sizeof sum);
}

// The factors max(0, 1 + amplitude noise) at the points start + i step (um, in the body's own axes), i = 0 .. count - 1
// and up to kGrains - 1 more: the caller's buffer has room.
SIMCORE_INLINE void texture_row(const Texture& grain, const float (&start)[3], const float (&step)[3],
                                std::int32_t count, float* factor) {
    const float none[3] = {}, zero[kGrains] = {};
    for (std::int32_t first = 0; first < count; first += kGrains)
        texture_lanes(grain, start, step, none, zero, zero, 0.0f, first, factor + first);
}

}  // namespace simcore
