// Adapters of the multi-slice steps.
#include "../multislice.hpp"

#include <cmath>

#include "bind.hpp"

namespace simcore::bind {
namespace {

void require(bool good, const char* words) {
    if (!good) throw std::invalid_argument(words);
}

PlaneWaves plane_waves(double wavenumber, double tilt_x, double tilt_y, double pixel_size, std::size_t height,
                       std::size_t width, double least_cosine) {
    require(std::isfinite(wavenumber) && wavenumber > 0.0, "wavenumber: must be > 0 and finite");
    require(tilt_x * tilt_x + tilt_y * tilt_y < 1.0, "tilt: must be shorter than 1");
    require(std::isfinite(pixel_size) && pixel_size > 0.0, "pixel_size: must be > 0 and finite");
    require(height > 0 && width > 0, "height, width: must be > 0");
    require(least_cosine >= 0.0 && least_cosine <= 1.0, "least_cosine: must be in [0, 1]");
    return {wavenumber, tilt_x, tilt_y, pixel_size, height, width, least_cosine};
}

template <class T>
using Complexes = Array<std::complex<T>>;

template <class T>
void require_image(const Array<T>& array, const PlaneWaves& waves, const char* name) {
    require_shape(array, name, {static_cast<py::ssize_t>(waves.height), static_cast<py::ssize_t>(waves.width)});
}

template <class T, void (*Fill)(const PlaneWaves&, double, std::complex<T>*)>
void filled(Complexes<T> factor, const PlaneWaves& waves, double argument) {
    require_image(factor, waves, "factor (y, x)");
    require(std::isfinite(argument), "distance, aperture: must be finite");
    std::complex<T>* data = factor.mutable_data();
    const py::gil_scoped_release release;
    Fill(waves, argument, data);
}

template <class T>
void thin_slice_array(Complexes<T> field, const PlaneWaves& waves, double vacuum, double medium, double thickness,
                      const Complexes<float>& contrast, const Array<double>& window) {
    require_image(field, waves, "field (y, x)");
    require_image(contrast, waves, "contrast (y, x)");
    require_image(window, waves, "window (y, x)");
    require(std::isfinite(vacuum * medium * thickness), "vacuum, medium, thickness: must be finite");
    std::complex<T>* data = field.mutable_data();
    const py::gil_scoped_release release;
    thin_slice(waves, vacuum, medium, thickness, contrast.data(), window.data(), data);
}

template <class T>
void advance_array(Complexes<T> spectrum, const Complexes<T>& straight, const Complexes<T>& oblique,
                   const Complexes<T>& added) {
    require_shape(spectrum, "spectrum (y, x)", {-1, -1});
    for (const auto* array : {&straight, &oblique, &added})
        require_shape(*array, "straight, oblique, added (y, x)", {spectrum.shape(0), spectrum.shape(1)});
    std::complex<T>* data = spectrum.mutable_data();
    const py::gil_scoped_release release;
    advance(static_cast<std::size_t>(spectrum.size()), straight.data(), oblique.data(), added.data(), data);
}

template <class T>
void add_for(py::module_& module) {
    const auto factor = py::arg("factor").noconvert();
    const auto waves = py::arg("waves");
    module.def("plane_wave_phases", &filled<T, plane_wave_phases<T>>, factor, waves, py::arg("distance"),
               "Propagation of plane waves by a distance, into factor (y, x).");
    module.def("obliquity_phases", &filled<T, obliquity_phases<T>>, factor, waves, py::arg("distance"),
               "Radiation of a thin slice and propagation by a distance, into factor (y, x).");
    module.def("aplanatic_pupil", &filled<T, aplanatic_pupil<T>>, factor, waves, py::arg("aperture"),
               "Aplanatic pupil relative to the incident wave, into factor (y, x).");
    module.def("thin_slice", &thin_slice_array<T>, py::arg("field").noconvert(), waves, py::arg("vacuum"),
               py::arg("medium"), py::arg("thickness"), py::arg("contrast").noconvert(), py::arg("window").noconvert(),
               "Replace the field by what a slice adds to it.");
    module.def("advance", &advance_array<T>, py::arg("spectrum").noconvert(), py::arg("straight").noconvert(),
               py::arg("oblique").noconvert(), py::arg("added").noconvert(),
               "spectrum * straight + added * oblique, into spectrum.");
}

}  // namespace

void add_multislice(py::module_& module) {
    py::class_<PlaneWaves>(module, "PlaneWaves", "The plane waves of a grid, relative to an incident one.")
        .def(py::init(&plane_waves), py::arg("wavenumber"), py::arg("tilt_x"), py::arg("tilt_y"), py::arg("pixel_size"),
             py::arg("height"), py::arg("width"), py::arg("least_cosine"));
    add_for<float>(module);
    add_for<double>(module);
}

}  // namespace simcore::bind
