#include "camera.hpp"

#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

#include "finite.hpp"
#include "gamma.hpp"
#include "normal.hpp"
#include "poisson.hpp"

namespace simcore {
namespace {

constexpr std::uint32_t gamma_attempts = 1u << 28, normal_attempt = 1u << 29;
constexpr std::size_t chunk = poisson::chunk;
static_assert(chunk == gamma::chunk && chunk % 2 == 0, "one chunk for all steps, whole pairs of normal numbers");

struct Workspace {
    poisson::Workspace poisson;
    gamma::List gamma;
    double rate[chunk], electrons[chunk], number[chunk];
};

// The camera as it stands for one image.
struct Settings {
    double quantum_efficiency, dark, em_gain, read_noise, gain, offset, full_well, ceiling;
    const double *gain_map, *offset_map, *deviation_map;
};

template <class T>
SIMCORE_INLINE void electrons_of(Workspace& work, const PixelStream& stream, const Settings& s, const T* photons,
                                 std::uint32_t first, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) {
        const double light = photons[i] > T(0) ? static_cast<double>(photons[i]) : 0.0;
        work.rate[i] = s.quantum_efficiency * light + s.dark;
    }
    poisson::fill(work.poisson, stream, first, length, work.rate, work.electrons);
    for (std::size_t i = 0; i < length; ++i)
        work.electrons[i] = work.electrons[i] > s.full_well ? s.full_well : work.electrons[i];
    if (!(s.em_gain > 1.0)) return;
    gamma::fill(work.gamma, stream, gamma_attempts, first, length, work.electrons, work.rate);
    for (std::size_t i = 0; i < length; ++i) work.electrons[i] = s.em_gain * work.rate[i];
}

// Counts, before they are rounded, in work.rate.
SIMCORE_INLINE void amplify(Workspace& work, const PixelStream& stream, const Settings& s, std::uint32_t first,
                            std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) {
        const double gain = s.gain_map ? s.gain_map[first + i] : s.gain;
        const double offset = s.offset_map ? s.offset_map[first + i] : s.offset;
        work.rate[i] = work.electrons[i] * gain + offset;
    }
    if (!s.deviation_map && !(s.read_noise > 0.0)) return;
    normal::fill_pairs(stream, normal_attempt, first / 2, (length + 1) / 2, work.number);
    for (std::size_t i = 0; i < length; ++i) {
        const double gain = s.gain_map ? s.gain_map[first + i] : s.gain;
        const double deviation = s.deviation_map ? s.deviation_map[first + i] : s.read_noise * gain;
        work.rate[i] += deviation * work.number[i];
    }
}

template <class T>
SIMCORE_INLINE void expose_body(Workspace& work, const PixelStream& stream, const Settings& s, T* image,
                                std::size_t values) {
    for (std::size_t start = 0; start < values; start += chunk) {
        const std::size_t length = values - start < chunk ? values - start : chunk;
        const auto first = static_cast<std::uint32_t>(start);
        T* part = image + start;
        electrons_of(work, stream, s, part, first, length);
        amplify(work, stream, s, first, length);
        if (s.ceiling < std::numeric_limits<double>::infinity()) {
            for (std::size_t i = 0; i < length; ++i) {
                double counts = work.rate[i] > 0.0 ? work.rate[i] : 0.0;
                counts = counts < s.ceiling ? counts : s.ceiling;
                work.rate[i] = (counts + elementary::round_shift) - elementary::round_shift;
            }
        }
        for (std::size_t i = 0; i < length; ++i) part[i] = static_cast<T>(work.rate[i]);
    }
}

#define PARAMETERS(T) (Workspace & work, const PixelStream& stream, const Settings& s, T* image, std::size_t values)
SIMCORE_DISPATCH(expose_one, expose_body, PARAMETERS(float), (work, stream, s, image, values))
SIMCORE_DISPATCH(expose_one, expose_body, PARAMETERS(double), (work, stream, s, image, values))
#undef PARAMETERS

Settings settings_of(const Camera& c, std::size_t i) {
    return {c.quantum_efficiency[i], c.dark[i], c.em_gain[i], c.read_noise[i], c.gain[i],      c.offset[i],
            c.full_well[i],          c.ceiling, c.gain_map,   c.offset_map,    c.deviation_map};
}

void require(bool good, const char* what) {
    if (!good) throw std::invalid_argument(what);
}

void check(const Settings& s) {
    require(s.quantum_efficiency >= 0.0 && s.quantum_efficiency <= 1.0, "quantum_efficiency: must be in [0, 1]");
    require(s.dark >= 0.0 && std::isfinite(s.dark), "dark: must be >= 0 and finite");
    require(s.em_gain >= 1.0 && std::isfinite(s.em_gain), "em_gain: must be >= 1 and finite");
    require(s.read_noise >= 0.0 && std::isfinite(s.read_noise), "read_noise: must be >= 0 and finite");
    require(s.gain > 0.0 && std::isfinite(s.gain), "gain: must be > 0 and finite");
    require(std::isfinite(s.offset), "offset: must be finite");
    require(s.full_well > 0.0, "full_well: must be > 0");
    require(s.ceiling > 0.0, "ceiling: must be > 0");
}

}  // namespace

template <class T>
void expose(T* image, const Camera& camera, const std::uint64_t seed[2], const std::uint64_t* address,
            std::size_t examples, std::size_t values) {
    require(values <= UINT32_MAX, "image: more than 2^32 - 1 values");
    for (std::size_t i = 0; i < examples; ++i) check(settings_of(camera, i));
    if (camera.gain_map) require_finite("gain_map", camera.gain_map, values);
    if (camera.offset_map) require_finite("offset_map", camera.offset_map, values);
    if (camera.deviation_map) require_finite("deviation_map", camera.deviation_map, values);
    require_finite("image", image, examples * values);
    const auto work = std::make_unique<Workspace>();
    for (std::size_t i = 0; i < examples; ++i)
        expose_one(*work, pixel_stream(seed, address + 3 * i), settings_of(camera, i), image + i * values, values);
}

template void expose(float*, const Camera&, const std::uint64_t*, const std::uint64_t*, std::size_t, std::size_t);
template void expose(double*, const Camera&, const std::uint64_t*, const std::uint64_t*, std::size_t, std::size_t);

}  // namespace simcore
