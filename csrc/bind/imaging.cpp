// Adapter of imaging.hpp.
#include "../imaging.hpp"

#include <cmath>

#include "bind.hpp"

namespace simcore::bind {
namespace {

using Complex = std::complex<double>;

void require_each(const Array<double>& values, const char* name, double least, bool open) {
    for (py::ssize_t i = 0; i < values.size(); ++i) {
        const double value = values.data()[i];
        if (!std::isfinite(value) || value < least || (open && value == least))
            throw std::invalid_argument(std::string(name) + ": " + std::to_string(value) +
                                        (open ? "; must be finite and > " : "; must be finite and >= ") +
                                        std::to_string(least));
    }
}

void require_positive(const Array<double>& values, const char* name) { require_each(values, name, 0.0, true); }

void require_finite(const Array<double>& values, const char* name) { require_each(values, name, -1e300, false); }

struct Arguments {
    Array<std::int64_t> first;
    Array<double> x, y, z, radius;
    Array<Complex> index;
    Array<double> numerical_aperture, pixel_size, medium_index, polarisation_angle, wavelength, weight;
};

void check_spheres(const Arguments& a, py::ssize_t images) {
    require_shape(a.first, "first", {images + 1});
    const py::ssize_t total = a.x.size();
    require_shape(a.x, "x", {total});
    require_shape(a.y, "y", {total});
    require_shape(a.z, "z", {total});
    require_shape(a.radius, "radius", {total});
    require_shape(a.index, "index", {total});
    const std::int64_t* first = a.first.data();
    if (first[0] != 0 || first[images] != total) throw std::invalid_argument("first: must run from 0 to len(x)");
    for (py::ssize_t i = 0; i < images; ++i)
        if (first[i + 1] < first[i]) throw std::invalid_argument("first: must not decrease");
    require_finite(a.x, "x");
    require_finite(a.y, "y");
    require_finite(a.z, "z");
    require_positive(a.radius, "radius");
    for (py::ssize_t i = 0; i < total; ++i) {
        const Complex n = a.index.data()[i];
        if (!(n.real() > 0.0 && n.imag() >= 0.0 && std::abs(n) <= 1e3))
            throw std::invalid_argument("index: must be n + i k with n > 0, k >= 0");
    }
}

void check_light(const Arguments& a, py::ssize_t images) {
    require_shape(a.numerical_aperture, "numerical_aperture", {images});
    require_shape(a.pixel_size, "pixel_size", {images});
    require_shape(a.medium_index, "medium_index", {images});
    require_shape(a.polarisation_angle, "polarisation_angle", {images});
    require_shape(a.wavelength, "wavelength", {images, -1});
    require_shape(a.weight, "weight", {images, a.wavelength.shape(1)});
    if (a.wavelength.shape(1) == 0) throw std::invalid_argument("wavelength: at least one is needed");
    require_positive(a.numerical_aperture, "numerical_aperture");
    require_positive(a.pixel_size, "pixel_size");
    require_positive(a.medium_index, "medium_index");
    require_positive(a.wavelength, "wavelength");
    require_each(a.weight, "weight", 0.0, false);
    for (py::ssize_t i = 0; i < images; ++i)
        if (std::isinf(a.polarisation_angle.data()[i]))
            throw std::invalid_argument("polarisation_angle: must be finite, or nan for unpolarised light");
}

// Sizes and indices beyond these would take more terms than memory and patience are meant for.
void check_sizes(const Arguments& a, py::ssize_t images) {
    const py::ssize_t waves = a.wavelength.shape(1);
    for (py::ssize_t image = 0; image < images; ++image) {
        for (std::int64_t i = a.first.data()[image]; i < a.first.data()[image + 1]; ++i)
            if (std::abs(a.index.data()[i]) > 1e3 * a.medium_index.data()[image])
                throw std::invalid_argument("index: more than a thousand times medium_index");
        for (py::ssize_t q = 0; q < waves; ++q)
            for (std::int64_t i = a.first.data()[image]; i < a.first.data()[image + 1]; ++i)
                if (6.3 * a.medium_index.data()[image] * a.radius.data()[i] >
                    1e5 * a.wavelength.data()[image * waves + q])
                    throw std::invalid_argument("radius: larger than 1e4 wavelengths");
    }
}

template <class T>
void draw_all(RadialTables& tables, T* out, py::ssize_t images, py::ssize_t height, py::ssize_t width,
              const Arguments& a, double tolerance) {
    const std::int64_t* first = a.first.data();
    const py::ssize_t waves = a.wavelength.shape(1);
    const py::gil_scoped_release release;
    SphereImager<T> imager(tables, tolerance);
    for (py::ssize_t i = 0; i < images; ++i) {
        const Illumination light{a.numerical_aperture.data()[i],
                                 a.pixel_size.data()[i],
                                 a.medium_index.data()[i],
                                 a.polarisation_angle.data()[i],
                                 waves,
                                 a.wavelength.data() + i * waves,
                                 a.weight.data() + i * waves};
        const std::int64_t at = first[i];
        const SphereList spheres{first[i + 1] - at, a.x.data() + at,      a.y.data() + at,
                                 a.z.data() + at,   a.radius.data() + at, a.index.data() + at};
        imager.draw(light, spheres, height, width, out + i * height * width);
    }
}

template <class T>
void image_spheres(RadialTables& tables, Array<T>& out, Array<std::int64_t> first, Array<double> x, Array<double> y,
                   Array<double> z, Array<double> radius, Array<Complex> index, Array<double> numerical_aperture,
                   Array<double> pixel_size, Array<double> medium_index, Array<double> polarisation_angle,
                   Array<double> wavelength, Array<double> weight, double tolerance) {
    require_shape(out, "out", {-1, -1, -1});
    const Arguments arguments{
        first,      x,     y, z, radius, index, numerical_aperture, pixel_size, medium_index, polarisation_angle,
        wavelength, weight};
    check_spheres(arguments, out.shape(0));
    check_light(arguments, out.shape(0));
    check_sizes(arguments, out.shape(0));
    if (!(tolerance >= 1e-8 && tolerance <= 0.1)) throw std::invalid_argument("tolerance: must be in [1e-8, 0.1]");
    T* to = out.mutable_data();  // refuses a read-only array
    draw_all(tables, to, out.shape(0), out.shape(1), out.shape(2), arguments, tolerance);
}

template <class T>
void add_image_spheres(py::module_& module) {
    module.def("image_spheres", &image_spheres<T>, py::arg("tables"), py::arg("out").noconvert(),
               py::arg("first").noconvert(), py::arg("x").noconvert(), py::arg("y").noconvert(),
               py::arg("z").noconvert(), py::arg("radius").noconvert(), py::arg("index").noconvert(),
               py::arg("numerical_aperture").noconvert(), py::arg("pixel_size").noconvert(),
               py::arg("medium_index").noconvert(), py::arg("polarisation_angle").noconvert(),
               py::arg("wavelength").noconvert(), py::arg("weight").noconvert(), py::arg("tolerance"),
               "Intensity of in-line images of spheres into out [image, y, x]; spheres of image i are first[i] .. "
               "first[i + 1]. ValueError for bad values, among them a field that needs too many directions.");
}

}  // namespace

void add_imaging(py::module_& module) {
    py::class_<RadialTables>(module, "RadialTables", "Tables that images share; thread safe.")
        .def(py::init<>())
        .def_property_readonly("nbytes", &RadialTables::bytes, "Bytes of the tables kept.");
    add_image_spheres<float>(module);
    add_image_spheres<double>(module);
}

}  // namespace simcore::bind
