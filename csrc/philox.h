/* Philox4x64-10 (Salmon, Moraes, Dror, Shaw, SC'11), in the buffered form that numpy.random.Philox gives its stream:
   the counter is raised before each block, 32-bit numbers take the low half of a word first. Plain C, so that the
   Cython draws and the C++ kernels share it. */
#ifndef SIMCORE_PHILOX_H
#define SIMCORE_PHILOX_H

#include <stdint.h>

typedef struct {
    uint64_t counter[4];
    uint64_t key[2];
    uint64_t block[4];
    int position; /* words of the block already used; 4: none left */
    int has_half;
    uint32_t half;
} simcore_philox;

static inline uint64_t simcore_mulhilo(uint64_t a, uint64_t b, uint64_t* high) {
#if defined(__SIZEOF_INT128__)
    const unsigned __int128 product = (unsigned __int128)a * b;
    *high = (uint64_t)(product >> 64);
    return (uint64_t)product;
#else
    const uint64_t al = a & 0xffffffffu, ah = a >> 32, bl = b & 0xffffffffu, bh = b >> 32;
    const uint64_t ll = al * bl, lh = al * bh, hl = ah * bl;
    const uint64_t middle = (ll >> 32) + (lh & 0xffffffffu) + (hl & 0xffffffffu);
    *high = ah * bh + (lh >> 32) + (hl >> 32) + (middle >> 32);
    return a * b;
#endif
}

static inline void simcore_philox_block(const uint64_t counter[4], const uint64_t key[2], uint64_t block[4]) {
    uint64_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint64_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; ++round) {
        uint64_t high0, high1;
        const uint64_t low0 = simcore_mulhilo(UINT64_C(0xD2E7470EE14C6C93), c0, &high0);
        const uint64_t low1 = simcore_mulhilo(UINT64_C(0xCA5A826395121157), c2, &high1);
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += UINT64_C(0x9E3779B97F4A7C15);
        k1 += UINT64_C(0xBB67AE8584CAA73B);
    }
    block[0] = c0;
    block[1] = c1;
    block[2] = c2;
    block[3] = c3;
}

static inline void simcore_philox_start(simcore_philox* state, const uint64_t key[2], uint64_t example, uint64_t name,
                                        uint64_t copy) {
    state->key[0] = key[0];
    state->key[1] = key[1];
    state->counter[0] = 0;
    state->counter[1] = example;
    state->counter[2] = name;
    state->counter[3] = copy;
    state->position = 4;
    state->has_half = 0;
    state->half = 0;
}

static inline uint64_t simcore_philox_next64(void* opaque) {
    simcore_philox* state = (simcore_philox*)opaque;
    if (state->position == 4) {
        state->counter[0] += 1; /* 2^64 blocks of one draw: the carry is never reached */
        simcore_philox_block(state->counter, state->key, state->block);
        state->position = 0;
    }
    return state->block[state->position++];
}

static inline uint32_t simcore_philox_next32(void* opaque) {
    simcore_philox* state = (simcore_philox*)opaque;
    if (state->has_half) {
        state->has_half = 0;
        return state->half;
    }
    const uint64_t word = simcore_philox_next64(opaque);
    state->has_half = 1;
    state->half = (uint32_t)(word >> 32);
    return (uint32_t)word;
}

static inline double simcore_philox_next_double(void* opaque) {
    return (double)(simcore_philox_next64(opaque) >> 11) * (1.0 / 9007199254740992.0);
}

#endif
