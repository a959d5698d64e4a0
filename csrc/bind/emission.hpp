// What the adapters of emission share.
#pragma once

#include "../emission_pupil.hpp"
#include "bind.hpp"

namespace simcore::bind {

struct Emitters {
    Array<std::int64_t> first;
    Array<double> x, y, z, intensity, polar, azimuth;
};

EmissionOptics optics_row(const Array<double>& optics, py::ssize_t image);
void check_optics(const Array<double>& optics, const Array<double>& wavefront, const Array<double>& wavelength,
                  const Array<double>& weight, py::ssize_t images);
void check_emitters(const Emitters& emitters, const Array<double>& optics, py::ssize_t images);

}  // namespace simcore::bind
