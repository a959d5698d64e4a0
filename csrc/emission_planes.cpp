#include "emission_planes.hpp"

#include <algorithm>
#include <cmath>

#include "skeleton.hpp"

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kLeastRange = 1e-3;  // um
constexpr std::int64_t kLeastDepths = 7;
constexpr double kOfLumps = 0.4;  // of the tolerance: few points are looked at, of round bodies

// Depths dense enough that cubics between them err by a few tenths of the tolerance.
Depths depths_between(const EmissionOptics& optics, const Spectrum& light, double low, double high, double tolerance) {
    const double shortest = *std::min_element(light.wavelength, light.wavelength + light.count);
    const double aperture = std::min(optics.aperture(), optics.medium);
    const double axial = std::sqrt(optics.medium * optics.medium - aperture * aperture);
    const double rate = 2.0 * kPi / shortest * (optics.medium - axial);
    const double turn = std::min(std::max(std::sqrt(std::sqrt(50.0 * tolerance)), 0.15), 1.1);
    const double range = std::max(high - low, kLeastRange);
    const std::int64_t count = std::max(static_cast<std::int64_t>(range * rate / turn) + 2, kLeastDepths);
    return {low, range / static_cast<double>(count - 1), count};
}

}  // namespace

EmissionPlanes emission_planes(const EmissionOptics& optics, const EmissionModel& model,
                               const RadialWavefront& wavefront, const Spectrum& light, double low, double high,
                               const std::vector<Lump>& lumps, std::int64_t division, double tolerance) {
    const Depths depths = depths_between(optics, light, low, high, tolerance);
    std::vector<std::int64_t> points(light.count);
    Frequencies known{std::vector<std::int64_t>(light.count + 1, 0), {}, {light.weight, light.weight + light.count}};
    std::vector<std::int64_t>& start = known.start;
    for (std::int64_t w = 0; w < light.count; ++w) {
        points[w] = transfer_points(optics, wavefront, light.wavelength[w], low, high, tolerance);
        start[w + 1] = start[w] + points[w];
        known.cutoff.push_back(2.0 * optics.aperture() / light.wavelength[w]);
    }
    const std::int64_t columns = start[light.count];
    std::vector<double> values(static_cast<std::size_t>(depths.count * columns)), weight(columns), part;
    for (std::int64_t w = 0; w < light.count; ++w) {
        const double cutoff = known.cutoff[w] * optics.pixel_size;
        part.resize(static_cast<std::size_t>(depths.count * points[w]));
        transfer_values(optics, model, wavefront, light.wavelength[w], depths, tolerance, points[w], part.data());
        for (std::int64_t d = 0; d < depths.count; ++d)
            std::copy_n(part.data() + d * points[w], points[w], values.data() + d * columns + start[w]);
        for (std::int64_t i = 0; i < points[w]; ++i)
            weight[start[w] + i] = light.weight[w] * edge_share(i, points[w], cutoff);
    }
    Enough enough = [tolerance](const double*, double error) { return error <= 0.5 * tolerance; };
    if (!lumps.empty())
        enough = [error = LumpError(lumps, depths, known, values.data()), tolerance](const double* rest, double) {
            return error(rest) <= kOfLumps * tolerance;
        };
    Skeleton found = skeleton(values.data(), depths.count, columns, weight.data(), enough, depths.count);
    const auto planes = static_cast<std::int64_t>(found.rows.size());
    EmissionPlanes to{{}, depths, std::move(found.shares), division, {}};
    for (const std::int64_t row : found.rows) to.z.push_back(depths.first + static_cast<double>(row) * depths.step);
    for (std::int64_t w = 0; w < light.count; ++w) {
        part.resize(static_cast<std::size_t>(planes * points[w]));
        for (std::int64_t p = 0; p < planes; ++p)
            std::copy_n(values.data() + found.rows[p] * columns + start[w], points[w], part.data() + p * points[w]);
        const double cell = optics.pixel_size / static_cast<double>(division);
        to.tables.push_back(transfer_table(part.data(), points[w], planes, known.cutoff[w] * cell, light.weight[w]));
    }
    return to;
}

}  // namespace simcore
