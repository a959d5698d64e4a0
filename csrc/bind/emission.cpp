// Adapter of emission.hpp and emission_volume.hpp.
#include "../emission.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../emission_grid.hpp"
#include "bind.hpp"
#include "emission.hpp"

namespace simcore::bind {

static_assert(sizeof(EmissionOptics) == kOpticsColumns * sizeof(double), "rows of optics are read as they stand");

EmissionOptics optics_row(const Array<double>& optics, py::ssize_t image) {
    EmissionOptics row;
    std::memcpy(&row, optics.data() + image * kOpticsColumns, sizeof row);
    return row;
}

namespace {

void refuse(const char* words) { throw std::invalid_argument(words); }

bool positive(double value) { return std::isfinite(value) && value > 0.0; }

void check_layers(const EmissionOptics& o) {
    for (const double index : {o.immersion, o.coverslip, o.immersion_nominal, o.coverslip_nominal})
        if (!(positive(index) && index >= o.numerical_aperture))
            refuse("optics: the indices of coverslip and immersion must be >= numerical_aperture");
    for (const double length :
         {o.coverslip_thickness, o.coverslip_thickness_nominal, o.working_distance, o.focus_depth})
        if (!(std::isfinite(length) && length >= 0.0)) refuse("optics: lengths must be finite and >= 0");
}

}  // namespace

void check_optics(const Array<double>& optics, const Array<double>& wavefront, const Array<double>& wavelength,
                  const Array<double>& weight, py::ssize_t images) {
    require_shape(optics, "optics", {images, kOpticsColumns});
    require_shape(wavefront, "wavefront", {images, -1});
    require_shape(wavelength, "wavelength", {images, -1});
    require_shape(weight, "weight", {images, wavelength.shape(1)});
    if (wavelength.shape(1) == 0) refuse("wavelength: at least one is needed");
    for (py::ssize_t i = 0; i < wavelength.size(); ++i) {
        if (!positive(wavelength.data()[i])) refuse("wavelength: must be finite and > 0");
        if (!(std::isfinite(weight.data()[i]) && weight.data()[i] >= 0.0)) refuse("weight: must be finite and >= 0");
    }
    for (py::ssize_t i = 0; i < wavefront.size(); ++i)
        if (!std::isfinite(wavefront.data()[i])) refuse("wavefront: must be finite");
    for (py::ssize_t i = 0; i < images; ++i) {
        const EmissionOptics o = optics_row(optics, i);
        if (!positive(o.numerical_aperture) || !positive(o.pixel_size) || !positive(o.medium))
            refuse("optics: numerical_aperture, pixel_size and medium must be finite and > 0");
        if (!(o.stop >= 0.0 && o.stop < 1.0)) refuse("optics: stop must be in [0, 1)");
        if (!(o.waist > 0.0)) refuse("optics: waist must be > 0");
        if (o.layered()) check_layers(o);
    }
}

void check_emitters(const Emitters& e, const Array<double>& optics, py::ssize_t images) {
    require_shape(e.first, "first", {images + 1});
    const py::ssize_t total = e.x.size();
    require_shape(e.x, "x", {total});
    require_shape(e.y, "y", {total});
    require_shape(e.z, "z", {total});
    require_shape(e.intensity, "intensity", {total});
    require_shape(e.polar, "polar", {total});
    require_shape(e.azimuth, "azimuth", {total});
    const std::int64_t* first = e.first.data();
    if (first[0] != 0 || first[images] != total) refuse("first: must run from 0 to len(x)");
    for (py::ssize_t i = 0; i < images; ++i)
        if (first[i + 1] < first[i]) refuse("first: must not decrease");
    for (py::ssize_t i = 0; i < total; ++i) {
        if (!std::isfinite(e.x.data()[i]) || !std::isfinite(e.y.data()[i]) || !std::isfinite(e.z.data()[i]))
            refuse("x, y, z: must be finite");
        if (!(std::isfinite(e.intensity.data()[i]) && e.intensity.data()[i] >= 0.0))
            refuse("intensity: must be finite and >= 0");
        if (std::isinf(e.polar.data()[i]) || (!std::isnan(e.polar.data()[i]) && !std::isfinite(e.azimuth.data()[i])))
            refuse("polar, azimuth: must be finite, or polar nan for a freely rotating emitter");
    }
    for (py::ssize_t image = 0; image < images; ++image) {
        const EmissionOptics o = optics_row(optics, image);
        for (std::int64_t i = first[image]; o.layered() && i < first[image + 1]; ++i)
            if (!(o.depth(e.z.data()[i]) >= 0.0)) refuse("z: an emitter lies below the coverslip");
    }
}

namespace {

template <class T>
void image_emitters(RadialTables& tables, Array<T>& out, Array<std::int64_t> first, Array<double> x, Array<double> y,
                    Array<double> z, Array<double> intensity, Array<double> polar, Array<double> azimuth,
                    Array<double> optics, Array<double> wavefront, Array<double> wavelength, Array<double> weight,
                    bool vectorial, bool aplanatic, double tolerance) {
    require_shape(out, "out", {-1, -1, -1});
    const py::ssize_t images = out.shape(0), height = out.shape(1), width = out.shape(2);
    check_optics(optics, wavefront, wavelength, weight, images);
    check_emitters({first, x, y, z, intensity, polar, azimuth}, optics, images);
    if (!(tolerance >= 1e-8 && tolerance <= 0.1)) refuse("tolerance: must be in [1e-8, 0.1]");
    T* to = out.mutable_data();  // refuses a read-only array
    const py::ssize_t waves = wavelength.shape(1), orders = wavefront.shape(1);
    const py::gil_scoped_release release;
    EmitterImager<T> imager(tables, {vectorial, aplanatic}, tolerance);
    const auto same_row = [](const Array<double>& array, py::ssize_t i, py::ssize_t j) {
        const std::size_t row = static_cast<std::size_t>(array.shape(1));
        // Of bytes: nan equals nan.
        return std::memcmp(array.data() + i * row, array.data() + j * row, row * sizeof(double)) == 0;
    };
    // Whether images i and j have one freely rotating emitter each, in the same place before the same optics.
    const auto same_place = [&](py::ssize_t i, py::ssize_t j) {
        const std::int64_t a = first.data()[i], b = first.data()[j];
        return first.data()[i + 1] - a == 1 && first.data()[j + 1] - b == 1 && x.data()[a] == x.data()[b] &&
               y.data()[a] == y.data()[b] &&
               (!vectorial || (std::isnan(polar.data()[a]) && std::isnan(polar.data()[b]))) && same_row(optics, i, j) &&
               same_row(wavefront, i, j) && same_row(wavelength, i, j) && same_row(weight, i, j);
    };
    for (py::ssize_t i = 0, next; i < images; i = next) {
        for (next = i + 1; next < images && same_place(i, next);) ++next;
        const std::int64_t at = first.data()[i];
        const EmissionOptics o = optics_row(optics, i);
        const RadialWavefront front{orders, wavefront.data() + i * orders};
        const Spectrum light{waves, wavelength.data() + i * waves, weight.data() + i * waves};
        const EmitterList list{first.data()[next] - at, x.data() + at,     y.data() + at,      z.data() + at,
                               intensity.data() + at,   polar.data() + at, azimuth.data() + at};
        if (next - i > 1) {
            imager.draw_stack(o, front, light, list, height, width, to + i * height * width);
        } else {
            imager.draw(o, front, light, list, height, width, to + i * height * width);
        }
    }
}

template <class T>
void add_image_emitters(py::module_& module) {
    module.def(
        "image_emitters", &image_emitters<T>, py::arg("tables"), py::arg("out").noconvert(),
        py::arg("first").noconvert(), py::arg("x").noconvert(), py::arg("y").noconvert(), py::arg("z").noconvert(),
        py::arg("intensity").noconvert(), py::arg("polar").noconvert(), py::arg("azimuth").noconvert(),
        py::arg("optics").noconvert(), py::arg("wavefront").noconvert(), py::arg("wavelength").noconvert(),
        py::arg("weight").noconvert(), py::arg("vectorial"), py::arg("aplanatic"), py::arg("tolerance"),
        "Photons in each pixel of images of point emitters into out [image, y, x]; emitters of image i are "
        "first[i] .. first[i + 1]. ValueError for bad values, among them a field that needs too many directions.");
}

void reaches(Array<double>& out, Array<double> low, Array<double> high, Array<double> optics, Array<double> wavefront,
             Array<double> wavelength, Array<double> weight, double tolerance) {
    const py::ssize_t images = low.size();
    require_shape(out, "out", {images, 2});
    require_shape(low, "low", {images});
    require_shape(high, "high", {images});
    check_optics(optics, wavefront, wavelength, weight, images);
    const py::ssize_t waves = wavelength.shape(1), orders = wavefront.shape(1);
    double* to = out.mutable_data();
    std::fill(to, to + 2 * images, 0.0);
    for (py::ssize_t i = 0; i < images; ++i)
        for (py::ssize_t q = 0; q < waves; ++q) {
            const RadialWavefront phase{orders, wavefront.data() + i * orders};
            const double wave = wavelength.data()[i * waves + q], a = low.data()[i], b = high.data()[i];
            const EmissionOptics o = optics_row(optics, i);
            to[2 * i] = std::max(to[2 * i], emission_spread(o, phase, wave, o.depth(a), o.depth(b)).distance);
            to[2 * i + 1] = std::max(to[2 * i + 1], emission_reach(o, phase, wave, o.depth(a), o.depth(b), tolerance));
        }
}

Array<double> pupil_nodes(int count) {
    if (count < 1 || count > 2048) refuse("count: must be in [1, 2048]");
    Array<double> nodes({py::ssize_t{3}, py::ssize_t{count} * count});
    double* to = nodes.mutable_data();
    const py::ssize_t all = py::ssize_t{count} * count;
    disc_nodes(count, to, to + all, to + 2 * all);
    return nodes;
}

template <class T>
void image_aberrated(Array<T>& out, Array<double> phase, Array<std::complex<double>> amplitude, Array<double> reach,
                     Array<std::int64_t> first, Array<double> x, Array<double> y, Array<double> z,
                     Array<double> intensity, Array<double> polar, Array<double> azimuth, Array<double> optics,
                     Array<double> wavefront, Array<double> wavelength, Array<double> weight, bool vectorial,
                     bool aplanatic, double tolerance, int count) {
    require_shape(out, "out", {-1, -1, -1});
    const py::ssize_t images = out.shape(0), height = out.shape(1), width = out.shape(2);
    check_optics(optics, wavefront, wavelength, weight, images);
    check_emitters({first, x, y, z, intensity, polar, azimuth}, optics, images);
    if (!(tolerance >= 1e-8 && tolerance <= 0.1)) refuse("tolerance: must be in [1e-8, 0.1]");
    const Array<double> nodes = pupil_nodes(count);
    const py::ssize_t all = nodes.shape(1);
    require_shape(phase, "phase", {images, all});
    require_shape(amplitude, "amplitude", {images, all});
    require_shape(reach, "reach", {images});
    for (py::ssize_t i = 0; i < phase.size(); ++i)
        if (!std::isfinite(phase.data()[i]) || !std::isfinite(amplitude.data()[i].real()) ||
            !std::isfinite(amplitude.data()[i].imag()))
            refuse("phase, amplitude: must be finite");
    for (py::ssize_t i = 0; i < images; ++i)
        if (!positive(reach.data()[i])) refuse("reach: must be finite and > 0");
    T* to = out.mutable_data();
    const py::ssize_t waves = wavelength.shape(1), orders = wavefront.shape(1);
    const py::gil_scoped_release release;
    AberratedImager<T> imager({vectorial, aplanatic}, tolerance);
    for (py::ssize_t i = 0; i < images; ++i) {
        const std::int64_t at = first.data()[i];
        const double* node = nodes.data();
        const GridPupil pupil{count,
                              node,
                              node + all,
                              node + 2 * all,
                              phase.data() + i * all,
                              reinterpret_cast<const double*>(amplitude.data() + i * all)};
        imager.draw(optics_row(optics, i), {orders, wavefront.data() + i * orders}, pupil,
                    {waves, wavelength.data() + i * waves, weight.data() + i * waves},
                    {first.data()[i + 1] - at, x.data() + at, y.data() + at, z.data() + at, intensity.data() + at,
                     polar.data() + at, azimuth.data() + at},
                    reach.data()[i], height, width, to + i * height * width);
    }
}

template <class T>
void add_image_aberrated(py::module_& module) {
    module.def("image_aberrated", &image_aberrated<T>, py::arg("out").noconvert(), py::arg("phase").noconvert(),
               py::arg("amplitude").noconvert(), py::arg("reach").noconvert(), py::arg("first").noconvert(),
               py::arg("x").noconvert(), py::arg("y").noconvert(), py::arg("z").noconvert(),
               py::arg("intensity").noconvert(), py::arg("polar").noconvert(), py::arg("azimuth").noconvert(),
               py::arg("optics").noconvert(), py::arg("wavefront").noconvert(), py::arg("wavelength").noconvert(),
               py::arg("weight").noconvert(), py::arg("vectorial"), py::arg("aplanatic"), py::arg("tolerance"),
               py::arg("count"),
               "Photons in each pixel of images of point emitters into out [image, y, x], through a pupil with the "
               "wavefront `phase` (um) and `amplitude` [image, node] at pupil_nodes(count).");
}

}  // namespace

void add_emission(py::module_& module) {
    add_image_emitters<float>(module);
    add_image_emitters<double>(module);
    add_image_aberrated<float>(module);
    add_image_aberrated<double>(module);
    module.def("pupil_nodes", &pupil_nodes, py::arg("count"),
               "x, y, weight [3, count * count] of a quadrature over the unit disc.");
    module.def("emission_reach", &reaches, py::arg("out").noconvert(), py::arg("low").noconvert(),
               py::arg("high").noconvert(), py::arg("optics").noconvert(), py::arg("wavefront").noconvert(),
               py::arg("wavelength").noconvert(), py::arg("weight").noconvert(), py::arg("tolerance"),
               "Into out [image, 2]: how far rays stray, and where light may be left out, um, of emitters at low .. "
               "high (um).");
}

}  // namespace simcore::bind
