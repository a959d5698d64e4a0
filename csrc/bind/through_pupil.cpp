// Adapter of through_pupil.hpp.
#include "../through_pupil.hpp"

#include <cmath>

#include "bind.hpp"

namespace simcore::bind {
namespace {

using Complex = std::complex<double>;

void require(bool good, const char* message) {
    if (!good) throw std::invalid_argument(message);
}

template <class V>
void require_finite(const Array<V>& values, const char* name) {
    for (py::ssize_t i = 0; i < values.size(); ++i)
        if (!std::isfinite(std::abs(values.data()[i])))
            throw std::invalid_argument(std::string(name) + ": must be finite");
}

void require_positive(const Array<double>& values, const char* name) {
    require_finite(values, name);
    for (py::ssize_t i = 0; i < values.size(); ++i)
        if (!(values.data()[i] > 0.0)) throw std::invalid_argument(std::string(name) + ": must be > 0");
}

// Arrays of one block; those of particles are flat.
struct Block {
    Array<std::int64_t> first;
    Array<double> x, y, z, phase;
    Array<Complex> a, b;
    Array<std::int64_t> table;
    Array<Complex> s1, s2;
    Array<double> numerical_aperture, wavelength, pixel_size, medium_index;
    Array<double> wavefront, apodization, stop, refocus, immersion_index, focus_depth;
    Array<Complex> transmission;
    Array<double> waves;    // (image, wave, 3): direction cosines and weight
    Array<Complex> states;  // (image, state, 4): Jones vector, analyser
    Array<double> state_weight;
    Array<Complex> reference;
    double tolerance;
    std::int64_t largest;

    py::ssize_t images() const { return first.size() - 1; }
    PupilView view(py::ssize_t image, std::vector<Wave>& wave, std::vector<State>& state) const;
    ParticleList particles(py::ssize_t image) const;
};

void check_particles(const Block& block, py::ssize_t images) {
    require_shape(block.first, "first (image + 1)", {images + 1});
    const py::ssize_t total = block.x.size();
    require_shape(block.x, "x (particle)", {total});
    require_shape(block.y, "y (particle)", {total});
    require_shape(block.z, "z (particle)", {total});
    require_shape(block.a, "a (particle, term)", {total, -1});
    require_shape(block.b, "b (particle, term)", {total, block.a.shape(1)});
    require(block.a.shape(1) > 0, "a: at least one term is needed");
    require_shape(block.phase, "phase (particle)", {total});
    require_shape(block.table, "table (particle)", {total});
    require_shape(block.s2, "s2 (row, angle)", {block.s1.shape(0), block.s1.shape(1)});
    require(block.s1.shape(0) == 0 || block.s1.shape(1) >= 16, "s1: at least 16 angles are needed");
    for (py::ssize_t i = 0; i < total; ++i)
        require(block.table.data()[i] < block.s1.shape(0), "table: beyond the rows of s1");
    require_finite(block.phase, "phase");
    require_finite(block.s1, "s1");
    require_finite(block.s2, "s2");
    const std::int64_t* first = block.first.data();
    require(first[0] == 0 && first[images] == total, "first: must run from 0 to len(x)");
    for (py::ssize_t i = 0; i < images; ++i) require(first[i + 1] >= first[i], "first: must not decrease");
    require_finite(block.x, "x");
    require_finite(block.y, "y");
    require_finite(block.z, "z");
    require_finite(block.a, "a");
    require_finite(block.b, "b");
}

void check_pupils(const Block& block, py::ssize_t images) {
    require_shape(block.wavefront, "wavefront (image, power, power)", {images, -1, block.wavefront.shape(1)});
    require(block.wavefront.shape(1) <= 64, "wavefront: more than 64 powers");
    require_shape(block.apodization, "apodization (image)", {images});
    require_shape(block.stop, "stop (image)", {images});
    require_shape(block.refocus, "refocus (image)", {images});
    require_shape(block.transmission, "transmission (side, side)", {-1, block.transmission.shape(0)});
    require(block.transmission.shape(0) != 1, "transmission: at least 2 x 2 values");
    require_shape(block.immersion_index, "immersion_index (image)", {images});
    require_shape(block.focus_depth, "focus_depth (image)", {images});
    require_positive(block.immersion_index, "immersion_index");
    require_finite(block.focus_depth, "focus_depth");
    require_finite(block.wavefront, "wavefront");
    require_finite(block.apodization, "apodization");
    require_finite(block.stop, "stop");
    require_finite(block.refocus, "refocus");
    require_finite(block.transmission, "transmission");
}

void check_waves(const Block& block, py::ssize_t images) {
    require_shape(block.waves, "waves (image, wave, 3)", {images, -1, 3});
    require(block.waves.shape(1) > 0, "waves: at least one is needed");
    for (py::ssize_t i = 0; i < images * block.waves.shape(1); ++i) {
        const double* wave = block.waves.data() + 3 * i;
        require(wave[0] * wave[0] + wave[1] * wave[1] < 0.9999, "waves: direction cosines must lie in the unit disk");
        require(wave[2] > 0.0 && std::isfinite(wave[2]), "waves: weights must be > 0");
    }
    require_shape(block.states, "states (image, state, 4)", {images, -1, 4});
    require(block.states.shape(1) > 0, "states: at least one is needed");
    require_shape(block.state_weight, "state_weight (image, state)", {images, block.states.shape(1)});
    require_shape(block.reference, "reference (image)", {images});
    require_finite(block.reference, "reference");
    require_finite(block.states, "states");
    require_finite(block.state_weight, "state_weight");
}

void check(const Block& block, py::ssize_t images) {
    check_particles(block, images);
    require_shape(block.numerical_aperture, "numerical_aperture (image)", {images});
    require_shape(block.wavelength, "wavelength (image)", {images});
    require_shape(block.pixel_size, "pixel_size (image)", {images});
    require_shape(block.medium_index, "medium_index (image)", {images});
    require_positive(block.numerical_aperture, "numerical_aperture");
    require_positive(block.wavelength, "wavelength");
    require_positive(block.pixel_size, "pixel_size");
    require_positive(block.medium_index, "medium_index");
    check_pupils(block, images);
    check_waves(block, images);
    require(block.tolerance >= 1e-8 && block.tolerance <= 0.1, "tolerance: must be in [1e-8, 0.1]");
    require(block.largest >= 16 && block.largest <= 32768, "largest: must be in [16, 32768]");
}

PupilView Block::view(py::ssize_t image, std::vector<Wave>& wave, std::vector<State>& state) const {
    const py::ssize_t count = waves.shape(1), channels = states.shape(1), order = wavefront.shape(1);
    wave.resize(count);
    state.resize(channels);
    for (py::ssize_t w = 0; w < count; ++w) {
        const double* from = waves.data() + 3 * (image * count + w);
        wave[w] = {from[0], from[1], from[2]};
    }
    for (py::ssize_t c = 0; c < channels; ++c) {
        const Complex* from = states.data() + 4 * (image * channels + c);
        state[c] = {{from[0], from[1]}, {from[2], from[3]}, state_weight.data()[image * channels + c]};
    }
    const PupilFunction pupil{order,
                              wavefront.data() + image * order * order,
                              apodization.data()[image],
                              stop.data()[image],
                              refocus.data()[image],
                              immersion_index.data()[image],
                              focus_depth.data()[image],
                              transmission.shape(0),
                              transmission.data()};
    return {numerical_aperture.data()[image],
            wavelength.data()[image],
            pixel_size.data()[image],
            medium_index.data()[image],
            pupil,
            count,
            wave.data(),
            channels,
            state.data(),
            reference.data()[image]};
}

ParticleList Block::particles(py::ssize_t image) const {
    const std::int64_t at = first.data()[image], terms = a.shape(1);
    return {first.data()[image + 1] - at,
            x.data() + at,
            y.data() + at,
            z.data() + at,
            phase.data() + at,
            table.data() + at,
            terms,
            s1.shape(1),
            a.data() + at * terms,
            b.data() + at * terms,
            s1.data(),
            s2.data()};
}

template <class T>
void add_intensity(Array<T>& out, const Block& block, const Array<double>& weight, Array<double>& error) {
    require_shape(out, "out (image, y, x)", {-1, -1, -1});
    const py::ssize_t images = out.shape(0), height = out.shape(1), width = out.shape(2);
    check(block, images);
    require_shape(weight, "weight (image)", {images});
    require_shape(error, "error (image)", {images});
    require_finite(weight, "weight");
    T* to = out.mutable_data();
    double* errors = error.mutable_data();
    if (height == 0 || width == 0) return;
    const py::gil_scoped_release release;
    PupilImager<T> imager({block.tolerance, block.largest});
    std::vector<Wave> wave;
    std::vector<State> state;
    for (py::ssize_t i = 0; i < images; ++i)
        errors[i] = imager.add_intensity(block.view(i, wave, state), block.particles(i), weight.data()[i], height,
                                         width, to + i * height * width);
}

template <class T>
void fill_field(Array<std::complex<T>>& out, const Block& block, const Array<double>& sigma,
                const Array<std::uint64_t>& key, const Array<std::uint64_t>& counter, Array<double>& error) {
    require_shape(out, "out (image, y, x, state)", {-1, -1, -1, -1});
    const py::ssize_t images = out.shape(0), height = out.shape(1), width = out.shape(2);
    check(block, images);
    require(block.waves.shape(1) == 1, "waves: a field has one");
    require_shape(block.states, "states (image, state, 4)", {images, out.shape(3), 4});
    require_shape(sigma, "sigma (image)", {images});
    require_shape(key, "key (2)", {2});
    require_shape(counter, "counter (image, 3)", {images, 3});
    require_shape(error, "error (image)", {images});
    require_finite(sigma, "sigma");
    std::complex<T>* to = out.mutable_data();
    double* errors = error.mutable_data();
    if (height == 0 || width == 0) return;
    const py::gil_scoped_release release;
    PupilImager<T> imager({block.tolerance, block.largest});
    std::vector<Wave> wave;
    std::vector<State> state;
    for (py::ssize_t i = 0; i < images; ++i) {
        const FieldNoise noise{sigma.data()[i], pixel_stream(key.data(), counter.data() + 3 * i)};
        errors[i] = imager.field(block.view(i, wave, state), block.particles(i), noise, height, width,
                                 to + i * height * width * out.shape(3));
    }
}

Block make_block(Array<std::int64_t> first, Array<double> x, Array<double> y, Array<double> z, Array<double> phase,
                 Array<Complex> a, Array<Complex> b, Array<std::int64_t> table, Array<Complex> s1, Array<Complex> s2,
                 Array<double> numerical_aperture, Array<double> wavelength, Array<double> pixel_size,
                 Array<double> medium_index, Array<double> wavefront, Array<double> apodization, Array<double> stop,
                 Array<double> refocus, Array<double> immersion_index, Array<double> focus_depth,
                 Array<Complex> transmission, Array<double> waves, Array<Complex> states, Array<double> state_weight,
                 Array<Complex> reference, double tolerance, std::int64_t largest) {
    if (first.ndim() != 1 || wavefront.ndim() != 3 || transmission.ndim() != 2 || a.ndim() != 2 || s1.ndim() != 2 ||
        waves.ndim() != 3 || states.ndim() != 3)
        throw std::invalid_argument("first, wavefront, transmission, a, s1, waves or states: wrong number of axes");
    return {first,
            x,
            y,
            z,
            phase,
            a,
            b,
            table,
            s1,
            s2,
            numerical_aperture,
            wavelength,
            pixel_size,
            medium_index,
            wavefront,
            apodization,
            stop,
            refocus,
            immersion_index,
            focus_depth,
            transmission,
            waves,
            states,
            state_weight,
            reference,
            tolerance,
            largest};
}

template <class T>
void add_for(py::module_& module) {
    module.def("add_intensity_through_pupil", &add_intensity<T>, py::arg("out").noconvert(), py::arg("block"),
               py::arg("weight").noconvert(), py::arg("error").noconvert(),
               "Adds weight times the intensity relative to the empty field to out [image, y, x]; error (image): "
               "estimate of what too small a grid costs.");
    module.def("fill_field_through_pupil", &fill_field<T>, py::arg("out").noconvert(), py::arg("block"),
               py::arg("sigma").noconvert(), py::arg("key").noconvert(), py::arg("counter").noconvert(),
               py::arg("error").noconvert(),
               "Field relative to the empty one into out [image, y, x, state]; sigma: noise before the pupil, each "
               "quadrature and pixel.");
}

}  // namespace

void add_through_pupil(py::module_& module) {
    py::class_<Block>(module, "PupilBlock", "Scatterers, pupils and light of a block of images.")
        .def(py::init(&make_block), py::kw_only(), py::arg("first").noconvert(), py::arg("x").noconvert(),
             py::arg("y").noconvert(), py::arg("z").noconvert(), py::arg("phase").noconvert(), py::arg("a").noconvert(),
             py::arg("b").noconvert(), py::arg("table").noconvert(), py::arg("s1").noconvert(),
             py::arg("s2").noconvert(), py::arg("numerical_aperture").noconvert(), py::arg("wavelength").noconvert(),
             py::arg("pixel_size").noconvert(), py::arg("medium_index").noconvert(), py::arg("wavefront").noconvert(),
             py::arg("apodization").noconvert(), py::arg("stop").noconvert(), py::arg("refocus").noconvert(),
             py::arg("immersion_index").noconvert(), py::arg("focus_depth").noconvert(),
             py::arg("transmission").noconvert(), py::arg("waves").noconvert(), py::arg("states").noconvert(),
             py::arg("state_weight").noconvert(), py::arg("reference").noconvert(), py::arg("tolerance"),
             py::arg("largest"));
    add_for<float>(module);
    add_for<double>(module);
}

}  // namespace simcore::bind
