// Adapter of the planes through which volumes are imaged.
#include "../emission_planes.hpp"

#include <pybind11/stl.h>

#include <cmath>

#include "emission.hpp"

namespace simcore::bind {
namespace {

void require(bool good, const char* words) {
    if (!good) throw std::invalid_argument(words);
}

EmissionPlanes make_planes(const Array<double>& optics, const Array<double>& wavefront, const Array<double>& wavelength,
                           const Array<double>& weight, bool vectorial, bool aplanatic, double low, double high,
                           std::int64_t division, double tolerance) {
    check_optics(optics, wavefront, wavelength, weight, 1);
    require(std::isfinite(low) && std::isfinite(high) && low <= high, "low, high: must be finite and rise");
    const EmissionOptics row = optics_row(optics, 0);
    require(!row.layered() || row.depth(low) >= 0.0, "low: lies below the coverslip");
    require(division >= 1 && division <= 64, "division: must be in [1, 64]");
    require(tolerance >= 1e-8 && tolerance <= 0.3, "tolerance: must be in [1e-8, 0.3]");
    const py::gil_scoped_release release;
    return emission_planes(row, {vectorial, aplanatic}, {wavefront.shape(1), wavefront.data()},
                           {wavelength.shape(1), wavelength.data(), weight.data()}, low, high, division, tolerance);
}

Array<double> shares_of(const EmissionPlanes& planes) {
    Array<double> shares({static_cast<py::ssize_t>(planes.depths.count), static_cast<py::ssize_t>(planes.z.size())});
    std::copy(planes.shares.begin(), planes.shares.end(), shares.mutable_data());
    return shares;
}

void combine(const EmissionPlanes& planes, Array<std::complex<float>> sum,
             const std::vector<Array<std::complex<float>>>& spectra, py::ssize_t width) {
    require(spectra.size() == planes.z.size(), "spectra: must be one of each plane");
    const py::ssize_t height = spectra[0].ndim() == 2 ? spectra[0].shape(0) : 0, division = planes.division;
    std::vector<const std::complex<float>*> from;
    for (const auto& spectrum : spectra) {
        require_shape(spectrum, "spectra (y, x / 2 + 1)", {height, width / 2 + 1});
        from.push_back(spectrum.data());
    }
    require(width > 0 && height > 0 && width % division == 0 && height % division == 0,
            "spectra: must be of whole pixels");
    require_shape(sum, "sum (y, x / 2 + 1)", {height / division, width / division / 2 + 1});
    std::complex<float>* to = sum.mutable_data();
    const py::gil_scoped_release release;
    add_planes(planes.tables, from, height, width, planes.division, to);
}

}  // namespace

void add_emission_planes(py::module_& module) {
    py::class_<EmissionPlanes>(module, "EmissionPlanes", "The planes of one image through which its volume is imaged.")
        .def(py::init(&make_planes), py::arg("optics").noconvert(), py::arg("wavefront").noconvert(),
             py::arg("wavelength").noconvert(), py::arg("weight").noconvert(), py::arg("vectorial"),
             py::arg("aplanatic"), py::arg("low"), py::arg("high"), py::arg("division"), py::arg("tolerance"))
        .def_property_readonly("z",
                               [](const EmissionPlanes& planes) {
                                   return Array<double>(static_cast<py::ssize_t>(planes.z.size()), planes.z.data());
                               })
        .def_property_readonly("first", [](const EmissionPlanes& planes) { return planes.depths.first; })
        .def_property_readonly("step", [](const EmissionPlanes& planes) { return planes.depths.step; })
        .def_property_readonly("shares", &shares_of, "(depth, plane)")
        .def("combine", &combine, py::arg("sum").noconvert(), py::arg("spectra").noconvert(), py::arg("width"),
             "Spectra (y, x / 2 + 1) of the planes of cells, a list, into that of the image, sum.");
}

}  // namespace simcore::bind
