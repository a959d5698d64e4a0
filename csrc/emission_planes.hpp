// The few planes through which a volume that emits is imaged: T(q, z) ~ sum over p of v_p(z) T(q, z_p) for all z of the
// volume (skeleton.hpp), so a plane gets the volume's light times v_p(z), and light between planes needs none.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "emission_volume.hpp"
#include "lumps.hpp"

namespace simcore {

struct EmissionPlanes {
    std::vector<double> z;       // of the planes, um
    Depths depths;               // at which the shares are given
    std::vector<double> shares;  // v, (depth, plane)
    std::int64_t division;       // cells in a pixel along each axis
    std::vector<TransferTable> tables;
};

// `tolerance`: largest error relative to the brightest point, of images of the lumps; or, without any, of an edge
// relative to its plateau, if all depths erred to one side. Throws as transfer_points.
EmissionPlanes emission_planes(const EmissionOptics& optics, const EmissionModel& model,
                               const RadialWavefront& wavefront, const Spectrum& light, double low, double high,
                               const std::vector<Lump>& lumps, std::int64_t division, double tolerance);

}  // namespace simcore
