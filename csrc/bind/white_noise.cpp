// Adapters of the noise made of normal and gamma numbers.
#include "../white_noise.hpp"

#include "bind.hpp"

namespace simcore::bind {
namespace {

using Words = Array<std::uint64_t>;

void require_stream(const Words& key, const Words& counter, py::ssize_t examples) {
    require_shape(key, "key (2)", {2});
    require_shape(counter, "counter (example, 3)", {examples, 3});
}

template <class A>
std::size_t size(const A& array, py::ssize_t axis) {
    return static_cast<std::size_t>(array.shape(axis));
}

void normal_array(Array<double> out, const Words& key, const Words& counter) {
    require_shape(out, "out (example, values)", {-1, -1});
    require_stream(key, counter, out.shape(0));
    double* data = out.mutable_data();
    const py::gil_scoped_release release;
    normal_numbers(data, key.data(), counter.data(), size(out, 0), size(out, 1));
}

void gamma_array(const Array<double>& shape, const Words& key, const Words& counter, Array<double> out) {
    require_shape(shape, "shape (example, values)", {-1, -1});
    require_shape(out, "out (example, values)", {shape.shape(0), shape.shape(1)});
    require_stream(key, counter, shape.shape(0));
    double* data = out.mutable_data();
    const py::gil_scoped_release release;
    gamma_numbers(shape.data(), data, key.data(), counter.data(), size(shape, 0), size(shape, 1));
}

template <class T>
void gaussian_array(Array<T> image, const Array<double>& sigma, const Words& key, const Words& counter) {
    require_shape(image, "image (example, values)", {-1, -1});
    require_shape(sigma, "sigma (example)", {image.shape(0)});
    require_stream(key, counter, image.shape(0));
    T* data = image.mutable_data();
    const py::gil_scoped_release release;
    gaussian_noise(data, sigma.data(), key.data(), counter.data(), size(image, 0), size(image, 1));
}

template <class T>
void speckle_array(Array<T> image, const Array<double>& looks, const Array<double>& correlation_length,
                   const Words& key, const Words& counter) {
    require_shape(image, "image (example, y, x, channel)", {-1, -1, -1, -1});
    require_shape(looks, "looks (example)", {image.shape(0)});
    require_shape(correlation_length, "correlation_length (example)", {image.shape(0)});
    require_stream(key, counter, image.shape(0));
    T* data = image.mutable_data();
    const py::gil_scoped_release release;
    speckle(data, looks.data(), correlation_length.data(), key.data(), counter.data(), size(image, 0), size(image, 1),
            size(image, 2), size(image, 3));
}

template <class T>
void add_for(py::module_& module) {
    module.def("gaussian_noise", &gaussian_array<T>, py::arg("image").noconvert(), py::arg("sigma").noconvert(),
               py::arg("key").noconvert(), py::arg("counter").noconvert(),
               "Add sigma (example) times normal numbers to each value of image (example, values), in place.");
    module.def("speckle", &speckle_array<T>, py::arg("image").noconvert(), py::arg("looks").noconvert(),
               py::arg("correlation_length").noconvert(), py::arg("key").noconvert(), py::arg("counter").noconvert(),
               "Multiply images (example, y, x, channel) by speckle of mean 1 and variance 1 / looks, in place.");
}

}  // namespace

void add_white_noise(py::module_& module) {
    add_for<float>(module);
    add_for<double>(module);
    module.def("normal", &normal_array, py::arg("out").noconvert(), py::arg("key").noconvert(),
               py::arg("counter").noconvert(), "Fill out (example, values) with standard normal numbers.");
    module.def("gamma", &gamma_array, py::arg("shape").noconvert(), py::arg("key").noconvert(),
               py::arg("counter").noconvert(), py::arg("out").noconvert(),
               "Gamma numbers of scale 1 and the shapes (example, values) into out float64.");
}

}  // namespace simcore::bind
