// A camera: photons to counts. Images (example, values) of photons, changed in place, one thread; arithmetic in double.
//
// Per value: electrons = min(Poisson(quantum_efficiency max(photons, 0) + dark), full_well); the EM register, where
// em_gain is above 1, makes em_gain Gamma(electrons) of them (Hirsch et al., PLoS ONE 8, e53671 (2013)); counts =
// electrons gain + offset + deviation Normal, rounded to whole counts and clipped to [0, ceiling] (EMVA 1288 r4.0; maps
// as in Huang et al., Nat. Methods 10, 653 (2013)).
//
// Attempts of the value's stream: Poisson from 0, gamma from 2^28, normal numbers 2^29 (block i for values 2 i, 2 i +
// 1).
#pragma once

#include <cstddef>
#include <cstdint>

namespace simcore {

// One number per image; the maps one per value, the same for all images, or null.
struct Camera {
    const double *quantum_efficiency, *dark;              // dark: electrons per value
    const double *em_gain, *read_noise, *gain, *offset;   // read_noise: electrons; offset: counts
    const double* full_well;                              // electrons, may be infinite
    const double *gain_map, *offset_map, *deviation_map;  // in place of gain, offset, read_noise gain (counts)
    double ceiling;                                       // largest count; infinite: neither rounded nor clipped
};

// Throws std::invalid_argument, before anything is changed, where a number is out of range or the image is not finite.
template <class T>
void expose(T* image, const Camera& camera, const std::uint64_t seed[2], const std::uint64_t* address,
            std::size_t examples, std::size_t values);

}  // namespace simcore
