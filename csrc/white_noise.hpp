// Noise made of normal and gamma numbers: Gaussian noise, speckle. Images are changed in place, one thread; arithmetic
// is in double. address: three words per image (example, hash of the name, hash of copy and frame).
#pragma once

#include <cstddef>
#include <cstdint>

namespace simcore {

// Independent standard normal numbers, (example, values).
void normal_numbers(double* out, const std::uint64_t seed[2], const std::uint64_t* address, std::size_t examples,
                    std::size_t values);

// Independent gamma numbers of the shapes given and scale 1, (example, values). Throws std::invalid_argument: shape not
// in [0, 1e28].
void gamma_numbers(const double* shape, double* out, const std::uint64_t seed[2], const std::uint64_t* address,
                   std::size_t examples, std::size_t values);

// Adds sigma times independent standard normal numbers to each value. Throws std::invalid_argument, before anything is
// changed: sigma negative or not finite.
template <class T>
void gaussian_noise(T* image, const double* sigma, const std::uint64_t seed[2], const std::uint64_t* address,
                    std::size_t examples, std::size_t values);

// Multiplies each image (height, width, channels) by speckle of mean 1 and variance 1 / looks (Goodman, Speckle
// Phenomena in Optics, 2nd ed., ch. 3 and 4). correlation_length l = 0: independent gamma numbers of shape `looks` in
// each value. Above: the weighted mean of ceil(looks) patterns |E|^2, looks >= 1, with E circular Gaussian of
// correlation exp(-r^2 / (2 l^2)), so that the correlation of the intensity is exp(-r^2 / l^2); each channel has its
// own. All weights but the last are equal. Throws std::invalid_argument, before anything is changed: looks not in (0,
// 1e4], correlation_length not in [0, 1000].
template <class T>
void speckle(T* image, const double* looks, const double* correlation_length, const std::uint64_t seed[2],
             const std::uint64_t* address, std::size_t examples, std::size_t height, std::size_t width,
             std::size_t channels);

}  // namespace simcore
