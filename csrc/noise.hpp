// Pixel noise, normalisation and the illumination gradient: images (example, pixels), changed in place, one thread.
// T is float or double; arithmetic is in double.
#pragma once

#include <cstddef>
#include <cstdint>

namespace simcore {

// Poisson noise at a signal-to-noise ratio (Midtvedt et al., Appl. Phys. Rev. 8, 011310 (2021)). Per image: values < 0
// become 0; p = |max - background|, or the largest |value - background| if `deviation`; s = (snr / p)^2; each value I
// becomes Poisson(I s) / s. Where p is 0, or so small that s is not finite, the image stays as it is (but for its
// values < 0). address: three words per image (example, hash of the name, hash of copy and frame). Throws
// std::invalid_argument, before anything is changed: snr not finite or <= 0, background or image not finite.
template <class T>
void poisson_snr(T* image, const double* snr, const double* background, bool deviation, const std::uint64_t seed[2],
                 const std::uint64_t* address, std::size_t examples, std::size_t pixels);

// Each value, a mean number of photons, becomes a Poisson number; values < 0 count as 0. Throws std::invalid_argument,
// before anything is changed: image not finite.
template <class T>
void photon_noise(T* image, const std::uint64_t seed[2], const std::uint64_t* address, std::size_t examples,
                  std::size_t pixels);

// Poisson numbers of the rates given, (example, pixels). Throws std::invalid_argument: rate not in [0, 1e18].
void poisson_counts(const double* rate, std::int64_t* out, const std::uint64_t seed[2], const std::uint64_t* address,
                    std::size_t examples, std::size_t pixels);

// Each image linearly to [minimum, maximum], its extremes exactly; a constant image becomes minimum.
// Throws std::invalid_argument, before anything is changed: minimum, maximum or image not finite.
template <class T>
void normalize_minmax(T* image, const double* minimum, const double* maximum, std::size_t examples, std::size_t values);

// I + x (column - centre) + y (row - centre), clipped at 0; images (height, width, channels), centre ((height - 1) / 2,
// (width - 1) / 2). Throws std::invalid_argument: x or y not finite.
template <class T>
void illumination_gradient(T* image, const double* x, const double* y, std::size_t examples, std::size_t height,
                           std::size_t width, std::size_t channels);

}  // namespace simcore
