// Adapter of coherent.hpp.
#include "../coherent.hpp"

#include <cmath>
#include <type_traits>
#include <vector>

#include "bind.hpp"

namespace simcore::bind {
namespace {

using Complex = std::complex<double>;

constexpr double kLargestIndex = 1e3;

// Columns of `optics`, one row for each image, and the values they may have.
struct Column {
    const char* name;
    double least;
    bool open, finite;
};
enum : py::ssize_t { kAperture, kPixel, kMedium, kImmersion, kDepth, kWaist, kStop, kReflector, kColumns };
constexpr Column kOptics[kColumns] = {{"numerical_aperture", 0.0, true, true},
                                      {"pixel_size", 0.0, true, true},
                                      {"refractive_index_medium", 0.0, true, true},
                                      {"refractive_index_immersion", 0.0, true, true},
                                      {"focus_depth", 0.0, false, true},
                                      {"waist", 0.0, true, false},
                                      {"stop", 0.0, false, true},
                                      {"reflector", -1e300, false, true}};

void refuse(const char* name, double value, const std::string& allowed) {
    throw std::invalid_argument(std::string(name) + ": " + std::to_string(value) + "; must be " + allowed);
}

void require_each(const Array<double>& values, const char* name, double least, bool open) {
    for (py::ssize_t i = 0; i < values.size(); ++i) {
        const double value = values.data()[i];
        if (!std::isfinite(value) || value < least || (open && value == least))
            refuse(name, value, (open ? "finite and > " : "finite and >= ") + std::to_string(least));
    }
}

void require_finite(const Array<double>& values, const char* name) { require_each(values, name, -1e300, false); }

void require_finite(const Array<Complex>& values, const char* name) {
    for (py::ssize_t i = 0; i < values.size(); ++i) {
        const Complex value = values.data()[i];
        if (!(std::isfinite(value.real()) && std::isfinite(value.imag())))
            throw std::invalid_argument(std::string(name) + ": must be finite");
    }
}

struct Arguments {
    Array<std::int64_t> first;
    Array<double> x, y, z, radius;
    Array<Complex> index;
    Array<std::int64_t> source;
    Array<Complex> a, b, s1, s2;
    Array<double> optics, wavefront, wavelength, weight;
    Array<Complex> reference, jones;
    Array<double> jones_weight;
    Array<Complex> analyzer;
};

void check_positions(const Arguments& g, py::ssize_t images) {
    require_shape(g.first, "first", {images + 1});
    const py::ssize_t total = g.x.size();
    for (const auto& [values, name] : {std::pair{&g.x, "x"}, {&g.y, "y"}, {&g.z, "z"}}) {
        require_shape(*values, name, {total});
        require_finite(*values, name);
    }
    require_shape(g.radius, "radius", {total});
    require_shape(g.index, "index", {total});
    require_shape(g.source, "source", {total});
    const std::int64_t* first = g.first.data();
    if (first[0] != 0 || first[images] != total) throw std::invalid_argument("first: must run from 0 to len(x)");
    for (py::ssize_t i = 0; i < images; ++i)
        if (first[i + 1] < first[i]) throw std::invalid_argument("first: must not decrease");
}

// Sizes and indices beyond these would take more terms than memory and patience are meant for.
void check_sphere(double radius, Complex index, double medium, double shortest) {
    if (!(std::isfinite(radius) && radius > 0.0)) refuse("radius", radius, "finite and > 0");
    if (!(index.real() > 0.0 && index.imag() >= 0.0 && std::abs(index) <= kLargestIndex))
        throw std::invalid_argument("index: must be n + i k with n > 0, k >= 0");
    if (std::abs(index) > kLargestIndex * medium)
        throw std::invalid_argument("index: more than a thousand times refractive_index_medium");
    if (6.3 * medium * radius > 1e5 * shortest) throw std::invalid_argument("radius: larger than 1e4 wavelengths");
}

void check_sources(const Arguments& g, py::ssize_t images) {
    const py::ssize_t waves = g.wavelength.shape(1);
    require_shape(g.a, "a", {-1, waves, -1});
    require_shape(g.b, "b", {g.a.shape(0), waves, g.a.shape(2)});
    require_shape(g.s1, "s1", {-1, -1, -1});
    require_shape(g.s2, "s2", {g.s1.shape(0), g.s1.shape(1), g.s1.shape(2)});
    for (const auto& [values, name] : {std::pair{&g.a, "a"}, {&g.b, "b"}, {&g.s1, "s1"}, {&g.s2, "s2"}})
        require_finite(*values, name);
    if (g.s1.shape(0) > 0 && g.s1.shape(1) != 1 && g.s1.shape(1) != waves)
        throw std::invalid_argument("s1: must have one row for all wavelengths or one for each");
    if (g.s1.shape(0) > 0 && g.s1.shape(2) < 16) throw std::invalid_argument("s1: at least 16 angles are needed");
    const std::int64_t rows = g.a.shape(0) + g.s1.shape(0);
    for (py::ssize_t image = 0; image < images; ++image) {
        const double* wavelength = g.wavelength.data() + image * waves;
        const double shortest = *std::min_element(wavelength, wavelength + waves);
        const double medium = g.optics.data()[image * kColumns + kMedium];
        for (std::int64_t i = g.first.data()[image]; i < g.first.data()[image + 1]; ++i) {
            const std::int64_t source = g.source.data()[i];
            if (source >= rows) throw std::invalid_argument("source: there is no such row of multipoles or amplitudes");
            if (source < 0) check_sphere(g.radius.data()[i], g.index.data()[i], medium, shortest);
        }
    }
}

void check_optics(const Arguments& g, py::ssize_t images) {
    require_shape(g.optics, "optics", {images, kColumns});
    for (py::ssize_t i = 0; i < images; ++i) {
        const double* row = g.optics.data() + i * kColumns;
        for (int c = 0; c < kColumns; ++c) {
            const Column& column = kOptics[c];
            const double value = row[c];
            if (std::isnan(value) || (column.finite && std::isinf(value)) || value < column.least ||
                (column.open && value == column.least))
                refuse(column.name, value, (column.open ? "> " : ">= ") + std::to_string(column.least));
        }
        if (row[kStop] >= 1.0) refuse("stop", row[kStop], "< 1");
        if (row[kWaist] < 0.05) refuse("waist", row[kWaist], ">= 0.05, in units of the pupil's radius");
        if (row[kAperture] > row[kImmersion] && row[kDepth] > 0.0 && row[kImmersion] != row[kMedium])
            refuse("numerical_aperture", row[kAperture], "at most refractive_index_immersion");
    }
    require_shape(g.wavefront, "wavefront", {images, -1});
    require_finite(g.wavefront, "wavefront");
}

void check_light(const Arguments& g, py::ssize_t images, bool field) {
    require_shape(g.wavelength, "wavelength", {images, -1});
    const py::ssize_t waves = g.wavelength.shape(1);
    if (waves == 0) throw std::invalid_argument("wavelength: at least one is needed");
    if (field && waves != 1) throw std::invalid_argument("wavelength: a field has one");
    require_each(g.wavelength, "wavelength", 0.0, true);
    require_shape(g.weight, "weight", {images, waves});
    require_each(g.weight, "weight", 0.0, false);
    require_shape(g.reference, "reference", {images, waves});
    require_finite(g.reference, "reference");
    require_shape(g.jones, "jones", {images, -1, 2});
    require_finite(g.jones, "jones");
    if (g.jones.shape(1) == 0) throw std::invalid_argument("jones: at least one state is needed");
    if (field && g.jones.shape(1) != 1) throw std::invalid_argument("jones: a field has one state of polarization");
    require_shape(g.jones_weight, "jones_weight", {images, g.jones.shape(1)});
    require_each(g.jones_weight, "jones_weight", 0.0, false);
    require_shape(g.analyzer, "analyzer", {images, -1, 2});
    if (g.analyzer.shape(1) > 1) throw std::invalid_argument("analyzer: none or one for each image");
    require_finite(g.analyzer, "analyzer");
}

Light light_of(const Arguments& g, py::ssize_t i) {
    const double* row = g.optics.data() + i * kColumns;
    const py::ssize_t waves = g.wavelength.shape(1), states = g.jones.shape(1), terms = g.wavefront.shape(1);
    const Objective objective{row[kAperture], row[kMedium], row[kImmersion], row[kDepth],
                              row[kWaist],    row[kStop],   terms,           g.wavefront.data() + i * terms};
    const Polarization polarization{states, g.jones.data() + 2 * i * states, g.jones_weight.data() + i * states,
                                    g.analyzer.shape(1) == 0 ? nullptr : g.analyzer.data() + 2 * i};
    return {objective,
            row[kPixel],
            row[kReflector],
            waves,
            g.wavelength.data() + i * waves,
            g.weight.data() + i * waves,
            g.reference.data() + i * waves,
            polarization};
}

Particles particles_of(const Arguments& g, py::ssize_t i) {
    const std::int64_t at = g.first.data()[i];
    return {g.first.data()[i + 1] - at,
            g.x.data() + at,
            g.y.data() + at,
            g.z.data() + at,
            g.radius.data() + at,
            g.index.data() + at,
            g.source.data() + at,
            g.a.shape(0),
            g.a.shape(2),
            g.a.data(),
            g.b.data(),
            g.s1.shape(1),
            g.s1.shape(2),
            g.s1.data(),
            g.s2.data()};
}

template <class T>
struct RealOf {
    using Type = T;
};
template <class T>
struct RealOf<std::complex<T>> {
    using Type = T;
};

// T: float or double for intensities (image, y, x), complex for fields (image, y, x, component).
template <class T>
void image_particles(RadialTables& tables, Array<T>& out, const Arguments& g, bool backward, double tolerance) {
    using Real = typename RealOf<T>::Type;
    constexpr bool field = !std::is_same_v<T, Real>;
    const py::ssize_t images = out.ndim() > 0 ? out.shape(0) : 0;
    check_light(g, images, field);
    check_optics(g, images);
    check_positions(g, images);
    check_sources(g, images);
    if constexpr (field) {
        require_shape(out, "out", {-1, -1, -1, g.analyzer.shape(1) == 1 ? 1 : 2});
    } else {
        require_shape(out, "out", {-1, -1, -1});
    }
    if (!(tolerance >= 1e-8 && tolerance <= 0.1)) throw std::invalid_argument("tolerance: must be in [1e-8, 0.1]");
    T* to = out.mutable_data();  // refuses a read-only array
    const py::ssize_t height = out.shape(1), width = out.shape(2), size = images > 0 ? out.size() / images : 0;
    const py::gil_scoped_release release;
    CoherentImager<Real> imager(tables, backward, tolerance);
    std::vector<Light> lights;
    std::vector<Particles> particles;
    for (py::ssize_t i = 0; i < images; ++i) {
        lights.push_back(light_of(g, i));
        particles.push_back(particles_of(g, i));
    }
    for (py::ssize_t i = 0, scattered = 0; i < images; ++i) {
        if (i == scattered) scattered += imager.scatter(images - i, &lights[i], &particles[i]);
        if constexpr (field) {
            imager.field(lights[i], particles[i], height, width, to + i * size);
        } else {
            imager.intensity(lights[i], particles[i], height, width, to + i * size);
        }
    }
}

template <class T>
void image(RadialTables& tables, Array<T>& out, Array<std::int64_t> first, Array<double> x, Array<double> y,
           Array<double> z, Array<double> radius, Array<Complex> index, Array<std::int64_t> source, Array<Complex> a,
           Array<Complex> b, Array<Complex> s1, Array<Complex> s2, Array<double> optics, Array<double> wavefront,
           Array<double> wavelength, Array<double> weight, Array<Complex> reference, Array<Complex> jones,
           Array<double> jones_weight, Array<Complex> analyzer, bool backward, double tolerance) {
    const Arguments arguments{first,  x,         y,          z,      radius,    index, source,       a,       b, s1, s2,
                              optics, wavefront, wavelength, weight, reference, jones, jones_weight, analyzer};
    image_particles(tables, out, arguments, backward, tolerance);
}

template <class T>
void add_image(py::module_& module) {
    const auto plain = [](const char* name) { return py::arg(name).noconvert(); };
    module.def("coherent_image", &image<T>, py::arg("tables"), plain("out"), plain("first"), plain("x"), plain("y"),
               plain("z"), plain("radius"), plain("index"), plain("source"), plain("a"), plain("b"), plain("s1"),
               plain("s2"), plain("optics"), plain("wavefront"), plain("wavelength"), plain("weight"),
               plain("reference"), plain("jones"), plain("jones_weight"), plain("analyzer"), py::arg("backward"),
               py::arg("tolerance"),
               "Intensity [image, y, x] (real out) or field [image, y, x, component] (complex out) of particles that "
               "scatter with rotational symmetry; those of image i are first[i] .. first[i + 1]. ValueError for bad "
               "values, among them a field of view that needs too many directions.");
}

}  // namespace

void add_coherent(py::module_& module) {
    py::class_<RadialTables>(module, "RadialTables", "Tables that images share; thread safe.")
        .def(py::init<>())
        .def_property_readonly("nbytes", &RadialTables::bytes, "Bytes of the tables kept.");
    add_image<float>(module);
    add_image<double>(module);
    add_image<std::complex<float>>(module);
    add_image<std::complex<double>>(module);
}

}  // namespace simcore::bind
