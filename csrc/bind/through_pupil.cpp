// Adapter of through_pupil.hpp.
#include "../through_pupil.hpp"

#include <algorithm>
#include <cmath>

#include "bind.hpp"

namespace simcore::bind {
namespace {

using Complex = std::complex<double>;

void require(bool good, const char* message) {
    if (!good) throw std::invalid_argument(message);
}

bool finite(double value) { return std::isfinite(value); }

bool finite(const Complex& value) { return std::isfinite(value.real()) && std::isfinite(value.imag()); }

template <class V>
void require_finite(const Array<V>& values, const char* name) {
    for (py::ssize_t i = 0; i < values.size(); ++i)
        if (!finite(values.data()[i])) throw std::invalid_argument(std::string(name) + ": must be finite");
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

// The images of a block, one after the other (PupilImager); keeps the block's arrays alive.
template <class T>
class BlockImager {
  public:
    using Grid = Array<std::complex<T>>;

    BlockImager(const Block& block, py::ssize_t images) : block_(block), imager_({block.tolerance, block.largest}) {
        check(block, images);
    }

    py::tuple begin_intensity(py::ssize_t image, std::int64_t height, std::int64_t width) {
        start(image, height, width, false);
        return waited([&] { return imager_.begin_intensity(view(), block_.particles(image_), height_, width_); });
    }

    py::tuple begin_field(py::ssize_t image, std::int64_t height, std::int64_t width, double sigma,
                          const Array<std::uint64_t>& key, const Array<std::uint64_t>& counter) {
        require(block_.waves.shape(1) == 1, "waves: a field has one");
        require_shape(key, "key (2)", {2});
        require_shape(counter, "counter (3)", {3});
        require(std::isfinite(sigma), "sigma: must be finite");
        start(image, height, width, true);
        const FieldNoise noise{sigma, pixel_stream(key.data(), counter.data())};
        return waited([&] { return imager_.begin_field(view(), block_.particles(image_), noise, height_, width_); });
    }

    // Images from `image` on that matrix products serve, up to the first that needs transforms, which has begun.
    py::tuple draw_fields(py::ssize_t image, Array<std::complex<T>>& out, const Array<double>& sigma,
                          const Array<std::uint64_t>& key, const Array<std::uint64_t>& counter, Array<double>& error) {
        const py::ssize_t images = block_.images(), states = block_.states.shape(1);
        require(block_.waves.shape(1) == 1, "waves: a field has one");
        require_shape(key, "key (2)", {2});
        require_shape(counter, "counter (image, 3)", {images, 3});
        require_shape(sigma, "sigma (image)", {images});
        require_finite(sigma, "sigma");
        require_shape(out, "out (image, y, x, state)", {images, -1, -1, states});
        std::complex<T>* to = out.mutable_data();
        const std::int64_t height = out.shape(1), width = out.shape(2);
        return drawn(image, height, width, true, error, [&] {
            const FieldNoise noise{sigma.data()[image_], pixel_stream(key.data(), counter.data() + 3 * image_)};
            const GridWish wish = imager_.begin_field(view(), block_.particles(image_), noise, height_, width_);
            if (imager_.by_products()) imager_.draw_field(to + image_ * height * width * states);
            return wish;
        });
    }

    py::tuple draw_intensities(py::ssize_t image, Array<T>& out, const Array<double>& weight, Array<double>& error) {
        const py::ssize_t images = block_.images();
        require_shape(weight, "weight (image)", {images});
        require_finite(weight, "weight");
        require_shape(out, "out (image, y, x)", {images, -1, -1});
        T* to = out.mutable_data();
        return drawn(image, out.shape(1), out.shape(2), false, error, [&] {
            const GridWish wish = imager_.begin_intensity(view(), block_.particles(image_), height_, width_);
            if (wish.least > 0 && !imager_.by_products()) return wish;
            for (std::int64_t wave = 0; wish.least > 0 && wave < block_.waves.shape(1); ++wave) imager_.draw_wave(wave);
            imager_.finish_intensity(weight.data()[image_], to + image_ * height_ * width_);
            return wish;
        });
    }

    double settle(std::int64_t size) {
        require(least_ > 0, "size: no image has begun, or it needs no grid");
        require(size >= least_, "size: smaller than what was asked for");
        size_ = size;
        return imager_.settle(size);
    }

    std::int64_t fill(std::int64_t wave, Grid& grid) {
        require(size_ > 0, "grid: its size has not been settled");
        require(wave >= 0 && wave < block_.waves.shape(1), "wave: there is none of this number");
        check_grid(grid);
        std::complex<T>* to = grid.mutable_data();
        const py::ssize_t stride = grid.shape(2);
        filled_ = true;
        const py::gil_scoped_release release;
        return imager_.fill(wave, stride, to);
    }

    void add_intensity(const Grid& grid) {
        require(filled_ && !field_, "grid: it has not been filled for an intensity");
        check_grid(grid);
        const py::gil_scoped_release release;
        imager_.add_intensity(grid.shape(2), grid.data());
    }

    void finish_intensity(Array<T>& out, double weight) {
        require(begun_ && !field_ && (filled_ || least_ == 0), "out: no intensity has been made");
        require(std::isfinite(weight), "weight: must be finite");
        require_shape(out, "out (y, x)", {height_, width_});
        T* to = out.mutable_data();
        const py::gil_scoped_release release;
        imager_.finish_intensity(weight, to);
    }

    void finish_field(Grid& out, const Grid& grid) {
        require(filled_ && field_, "grid: it has not been filled for a field");
        require_shape(out, "out (y, x, state)", {height_, width_, block_.states.shape(1)});
        check_grid(grid);
        std::complex<T>* to = out.mutable_data();
        const py::gil_scoped_release release;
        imager_.finish_field(grid.shape(2), grid.data(), to);
    }

  private:
    Block block_;
    PupilImager<T> imager_;
    std::vector<Wave> wave_;
    std::vector<State> state_;
    py::ssize_t image_ = 0;
    std::int64_t height_ = 0, width_ = 0, least_ = 0, size_ = 0;
    bool field_ = false, begun_ = false, filled_ = false;

    PupilView view() { return block_.view(image_, wave_, state_); }

    void start(py::ssize_t image, std::int64_t height, std::int64_t width, bool field) {
        require(image >= 0 && image < block_.images(), "image: there is none of this number");
        require(height > 0 && width > 0, "height, width: must be > 0");
        begun_ = filled_ = false;
        least_ = size_ = 0;
        image_ = image;
        height_ = height;
        width_ = width;
        field_ = field;
    }

    // (image, least, columns) of the first image that is left; least 0: none is. draw() begins an image, and finishes
    // it unless it needs transforms.
    template <class Draw>
    py::tuple drawn(py::ssize_t image, std::int64_t height, std::int64_t width, bool field, Array<double>& error,
                    Draw draw) {
        require_shape(error, "error (image)", {block_.images()});
        require(image >= 0 && image < block_.images(), "image: there is none of this number");
        double* to = error.mutable_data();
        GridWish wish{0, 0};
        {
            const py::gil_scoped_release release;
            for (; image < block_.images(); ++image) {
                start(image, height, width, field);
                wish = draw();
                if (wish.least > 0 && !imager_.by_products()) break;
                if (wish.least > 0) to[image] = std::max(to[image], imager_.error());
                wish = {0, 0};
            }
        }
        begun_ = image < block_.images();
        least_ = wish.least;
        return py::make_tuple(image, wish.least, wish.columns);
    }

    template <class Call>
    py::tuple waited(Call call) {
        GridWish wish;
        {
            const py::gil_scoped_release release;
            wish = call();
        }
        begun_ = true;
        least_ = wish.least;
        return py::make_tuple(wish.least, wish.columns);
    }

    void check_grid(const Grid& grid) const {
        require_shape(grid, "grid (state, size, stride)", {block_.states.shape(1), size_, -1});
        require(grid.shape(2) >= size_, "grid: lines shorter than the size");
    }
};

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
void add_imager(py::module_& module, const char* name) {
    using Imager = BlockImager<T>;
    py::class_<Imager>(module, name, "Makes the images of a PupilBlock; the transforms are the caller's.")
        .def(py::init<const Block&, py::ssize_t>(), py::arg("block"), py::arg("images"))
        .def("begin_intensity", &Imager::begin_intensity, py::arg("image"), py::arg("height"), py::arg("width"),
             "(least size of the grid, 0 if none is needed; columns wanted)")
        .def("begin_field", &Imager::begin_field, py::arg("image"), py::arg("height"), py::arg("width"),
             py::arg("sigma"), py::arg("key").noconvert(), py::arg("counter").noconvert(),
             "As begin_intensity; sigma: noise before the pupil, each quadrature and pixel.")
        .def("draw_fields", &Imager::draw_fields, py::arg("image"), py::arg("out").noconvert(),
             py::arg("sigma").noconvert(), py::arg("key").noconvert(), py::arg("counter").noconvert(),
             py::arg("error").noconvert(),
             "Fields from an image on, while no transforms are needed: (image that needs them, size, columns).")
        .def("draw_intensities", &Imager::draw_intensities, py::arg("image"), py::arg("out").noconvert(),
             py::arg("weight").noconvert(), py::arg("error").noconvert(), "As draw_fields, added to out.")
        .def("settle", &Imager::settle, py::arg("size"), "Estimate of what a grid of this size costs.")
        .def("fill", &Imager::fill, py::arg("wave"), py::arg("grid").noconvert(),
             "Light of a wave into grid [state, line, place]; the number of lines to transform.")
        .def("add_intensity", &Imager::add_intensity, py::arg("grid").noconvert(),
             "Adds the intensity of the wave filled last, transformed.")
        .def("finish_intensity", &Imager::finish_intensity, py::arg("out").noconvert(), py::arg("weight"),
             "Adds weight times the intensity relative to the empty field to out [y, x].")
        .def("finish_field", &Imager::finish_field, py::arg("out").noconvert(), py::arg("grid").noconvert(),
             "Field relative to the empty one, transformed, into out [y, x, state].");
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
    add_imager<float>(module, "PupilImagerSingle");
    add_imager<double>(module, "PupilImagerDouble");
}

}  // namespace simcore::bind
