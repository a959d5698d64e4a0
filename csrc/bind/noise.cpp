// Adapters of the pixel noise, the normalisation and the illumination gradient.
#include "../noise.hpp"

#include "bind.hpp"

namespace simcore::bind {
namespace {

using Words = Array<std::uint64_t>;

template <class T>
void poisson_snr_array(Array<T> image, const Array<double>& snr, const Array<double>& background, bool deviation,
                       const Words& key, const Words& counter) {
    require_shape(image, "image (example, pixels)", {-1, -1});
    const py::ssize_t examples = image.shape(0), pixels = image.shape(1);
    require_shape(snr, "snr (example)", {examples});
    require_shape(background, "background (example)", {examples});
    require_shape(key, "key (2)", {2});
    require_shape(counter, "counter (example, 3)", {examples, 3});
    T* data = image.mutable_data();
    const py::gil_scoped_release release;
    poisson_snr(data, snr.data(), background.data(), deviation, key.data(), counter.data(),
                static_cast<std::size_t>(examples), static_cast<std::size_t>(pixels));
}

template <class T>
void photon_noise_array(Array<T> image, const Words& key, const Words& counter) {
    require_shape(image, "image (example, pixels)", {-1, -1});
    require_shape(key, "key (2)", {2});
    require_shape(counter, "counter (example, 3)", {image.shape(0), 3});
    T* data = image.mutable_data();
    const auto examples = static_cast<std::size_t>(image.shape(0)), pixels = static_cast<std::size_t>(image.shape(1));
    const py::gil_scoped_release release;
    photon_noise(data, key.data(), counter.data(), examples, pixels);
}

void poisson_array(const Array<double>& rate, const Words& key, const Words& counter, Array<std::int64_t> out) {
    require_shape(rate, "rate (example, pixels)", {-1, -1});
    const py::ssize_t examples = rate.shape(0), pixels = rate.shape(1);
    require_shape(key, "key (2)", {2});
    require_shape(counter, "counter (example, 3)", {examples, 3});
    require_shape(out, "out (example, pixels)", {examples, pixels});
    std::int64_t* data = out.mutable_data();
    const py::gil_scoped_release release;
    poisson_counts(rate.data(), data, key.data(), counter.data(), static_cast<std::size_t>(examples),
                   static_cast<std::size_t>(pixels));
}

template <class T>
void normalize_minmax_array(Array<T> image, const Array<double>& minimum, const Array<double>& maximum) {
    require_shape(image, "image (example, values)", {-1, -1});
    const py::ssize_t examples = image.shape(0), values = image.shape(1);
    require_shape(minimum, "minimum (example)", {examples});
    require_shape(maximum, "maximum (example)", {examples});
    T* data = image.mutable_data();
    const py::gil_scoped_release release;
    normalize_minmax(data, minimum.data(), maximum.data(), static_cast<std::size_t>(examples),
                     static_cast<std::size_t>(values));
}

template <class T>
void illumination_gradient_array(Array<T> image, const Array<double>& x, const Array<double>& y) {
    require_shape(image, "image (example, y, x, channel)", {-1, -1, -1, -1});
    const py::ssize_t examples = image.shape(0);
    require_shape(x, "x (example)", {examples});
    require_shape(y, "y (example)", {examples});
    const auto size = [&image](py::ssize_t axis) { return static_cast<std::size_t>(image.shape(axis)); };
    T* data = image.mutable_data();
    const py::gil_scoped_release release;
    illumination_gradient(data, x.data(), y.data(), size(0), size(1), size(2), size(3));
}

template <class T>
void add_for(py::module_& module) {
    module.def("poisson_snr", &poisson_snr_array<T>, py::arg("image").noconvert(), py::arg("snr").noconvert(),
               py::arg("background").noconvert(), py::arg("deviation"), py::arg("key").noconvert(),
               py::arg("counter").noconvert(),
               "Poisson noise in place: image (example, pixels) float32 or float64; snr, background float64 (example); "
               "key uint64 (2): the seed, low word first; counter uint64 (example, 3): example, name, copy and frame.");
    module.def("photon_noise", &photon_noise_array<T>, py::arg("image").noconvert(), py::arg("key").noconvert(),
               py::arg("counter").noconvert(), "Each mean of image (example, pixels) a Poisson number, in place.");
    module.def("normalize_minmax", &normalize_minmax_array<T>, py::arg("image").noconvert(),
               py::arg("minimum").noconvert(), py::arg("maximum").noconvert(),
               "Each image (example, values) linearly to [minimum, maximum], in place; a constant one to minimum.");
    module.def(
        "illumination_gradient", &illumination_gradient_array<T>, py::arg("image").noconvert(),
        py::arg("x").noconvert(), py::arg("y").noconvert(),
        "Add x (column - centre) + y (row - centre) to images (example, y, x, channel), clipped at 0, in place.");
}

}  // namespace

void add_noise(py::module_& module) {
    add_for<float>(module);
    add_for<double>(module);
    module.def("poisson", &poisson_array, py::arg("rate").noconvert(), py::arg("key").noconvert(),
               py::arg("counter").noconvert(), py::arg("out").noconvert(),
               "Poisson numbers of the rates (example, pixels) into out int64, from the streams of poisson_snr.");
}

}  // namespace simcore::bind
