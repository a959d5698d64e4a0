// Adapter of the planes through which volumes are imaged.
#include "../emission_planes.hpp"

#include <pybind11/stl.h>

#include <cmath>

#include "../plane_sum.hpp"
#include "emission.hpp"

namespace simcore::bind {
namespace {

void require(bool good, const char* words) {
    if (!good) throw std::invalid_argument(words);
}

EmissionPlanes make_planes(const Array<double>& optics, const Array<double>& wavefront, const Array<double>& wavelength,
                           const Array<double>& weight, bool vectorial, bool aplanatic, double low, double high,
                           const Array<double>& lumps, std::int64_t division, double tolerance) {
    check_optics(optics, wavefront, wavelength, weight, 1);
    require(std::isfinite(low) && std::isfinite(high) && low <= high, "low, high: must be finite and rise");
    const EmissionOptics row = optics_row(optics, 0);
    require(!row.layered() || row.depth(low) >= 0.0, "low: lies below the coverslip");
    require_shape(lumps, "lumps (lump, 4)", {lumps.ndim() > 0 ? lumps.shape(0) : 0, 4});
    std::vector<Lump> shining;
    for (py::ssize_t i = 0; i < lumps.shape(0); ++i) {
        const double* of = lumps.data() + 4 * i;
        require(of[0] > 0.0 && of[1] >= 0.0 && of[3] >= 0.0 && std::isfinite(of[0] + of[1] + of[2] + of[3]),
                "lumps: radius must be > 0, half height and intensity >= 0, all finite");
        shining.push_back({of[0], of[1], of[2], of[3]});
    }
    require(division >= 1 && division <= 64, "division: must be in [1, 64]");
    require(tolerance >= 1e-8 && tolerance <= 0.3, "tolerance: must be in [1e-8, 0.3]");
    const py::gil_scoped_release release;
    return emission_planes(row, {vectorial, aplanatic}, {wavefront.shape(1), wavefront.data()},
                           {wavelength.shape(1), wavelength.data(), weight.data()}, low, high, shining, division,
                           tolerance);
}

Array<double> shares_of(const EmissionPlanes& planes) {
    Array<double> shares({static_cast<py::ssize_t>(planes.depths.count), static_cast<py::ssize_t>(planes.z.size())});
    std::copy(planes.shares.begin(), planes.shares.end(), shares.mutable_data());
    return shares;
}

void combine(const EmissionPlanes& planes, const CellAliases& aliases, Array<std::complex<float>> sum,
             const std::vector<Array<std::complex<float>>>& spectra) {
    const std::int64_t height = aliases.height(), width = aliases.width(), division = planes.division;
    require(spectra.size() == planes.z.size(), "spectra: must be one of each plane");
    std::vector<const std::complex<float>*> from;
    for (const auto& spectrum : spectra) {
        require_shape(spectrum, "spectra (y, x / 2 + 1)", {height, width / 2 + 1});
        from.push_back(spectrum.data());
    }
    require(width % division == 0 && height % division == 0, "spectra: must be of whole pixels");
    require(aliases.count() >= alias_count(planes.tables), "aliases: must be all that pass");
    require_shape(sum, "sum (y, x / 2 + 1)", {height / division, width / division / 2 + 1});
    std::complex<float>* to = sum.mutable_data();
    const py::gil_scoped_release release;
    add_planes(planes.tables, aliases, from, division, to);
}

CellAliases make_aliases(std::int64_t height, std::int64_t width, std::int64_t count) {
    require(height > 0 && width > 0 && height < (1 << 30) && width < (1 << 30), "height, width: must be in [1, 2^30)");
    require(count >= 1 && count <= 4096, "count: must be in [1, 4096]");
    const py::gil_scoped_release release;
    return {height, width, count};
}

}  // namespace

void add_emission_planes(py::module_& module) {
    py::class_<EmissionPlanes>(module, "EmissionPlanes", "The planes of one image through which its volume is imaged.")
        .def(py::init(&make_planes), py::arg("optics").noconvert(), py::arg("wavefront").noconvert(),
             py::arg("wavelength").noconvert(), py::arg("weight").noconvert(), py::arg("vectorial"),
             py::arg("aplanatic"), py::arg("low"), py::arg("high"), py::arg("lumps").noconvert(), py::arg("division"),
             py::arg("tolerance"))
        .def_property_readonly("z",
                               [](const EmissionPlanes& planes) {
                                   return Array<double>(static_cast<py::ssize_t>(planes.z.size()), planes.z.data());
                               })
        .def_property_readonly("first", [](const EmissionPlanes& planes) { return planes.depths.first; })
        .def_property_readonly("step", [](const EmissionPlanes& planes) { return planes.depths.step; })
        .def_property_readonly("shares", &shares_of, "(depth, plane)")
        .def_property_readonly(
            "aliases", [](const EmissionPlanes& planes) { return alias_count(planes.tables); },
            "how many aliases pass on each side of a frequency")
        .def("combine", &combine, py::arg("aliases"), py::arg("sum").noconvert(), py::arg("spectra").noconvert(),
             "Spectra (y, x / 2 + 1) of the planes of cells, a list, into that of the image, sum.");
    py::class_<CellAliases>(module, "CellAliases",
                            "Weights of the frequencies that look alike on (height, width) cells.")
        .def(py::init(&make_aliases), py::arg("height"), py::arg("width"), py::arg("count"));
}

}  // namespace simcore::bind
