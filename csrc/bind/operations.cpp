// Adapters of the operations on images: normalisation, blurs, pools and resampling, the angle of a field.
#include "../arctangent.hpp"
#include "../filters.hpp"
#include "../normalize.hpp"
#include "../resample.hpp"
#include "bind.hpp"

namespace simcore::bind {
namespace {

using Firsts = Array<std::int64_t>;

template <class A>
std::size_t size_of(const A& array, py::ssize_t axis) {
    return static_cast<std::size_t>(array.shape(axis));
}

template <class T>
ImageShape shape_of(const Array<T>& image) {
    require_shape(image, "image (example, y, x, channel)", {-1, -1, -1, -1});
    return {size_of(image, 0), size_of(image, 1), size_of(image, 2), size_of(image, 3)};
}

template <class T>
void require_same(const Array<T>& image, const Array<T>& out) {
    require_shape(out, "out (as image)", {image.shape(0), image.shape(1), image.shape(2), image.shape(3)});
}

template <class T>
void standard_array(Array<T> image) {
    require_shape(image, "image (example, values)", {-1, -1});
    T* data = image.mutable_data();
    const py::gil_scoped_release release;
    normalize_standard(data, size_of(image, 0), size_of(image, 1));
}

template <class T>
void quantile_array(Array<T> image, const Array<double>& low, const Array<double>& high) {
    require_shape(image, "image (example, values)", {-1, -1});
    require_shape(low, "low (example)", {image.shape(0)});
    require_shape(high, "high (example)", {image.shape(0)});
    T* data = image.mutable_data();
    const py::gil_scoped_release release;
    normalize_quantile(data, low.data(), high.data(), size_of(image, 0), size_of(image, 1));
}

template <class T>
void gaussian_blur_array(const Array<T>& image, Array<T> out, const Array<double>& sigma) {
    const ImageShape shape = shape_of(image);
    require_same(image, out);
    require_shape(sigma, "sigma (example)", {image.shape(0)});
    T* data = out.mutable_data();
    const py::gil_scoped_release release;
    gaussian_blur(image.data(), data, sigma.data(), shape);
}

template <class T, void blur(const T*, T*, std::size_t, const ImageShape&)>
void blur_array(const Array<T>& image, Array<T> out, std::size_t size) {
    const ImageShape shape = shape_of(image);
    require_same(image, out);
    T* data = out.mutable_data();
    const py::gil_scoped_release release;
    blur(image.data(), data, size, shape);
}

Pool pool_named(const std::string& name) {
    if (name == "mean") return Pool::mean;
    if (name == "sum") return Pool::sum;
    if (name == "min") return Pool::least;
    if (name == "max") return Pool::largest;
    throw std::invalid_argument("how: '" + name + "'; must be mean, sum, min or max");
}

template <class T>
void pool_array(const Array<T>& image, Array<T> out, std::size_t size, const std::string& how) {
    const ImageShape shape = shape_of(image);
    const auto step = static_cast<py::ssize_t>(size < 1 ? 1 : size);
    require_shape(out, "out (example, y / size, x / size, channel)",
                  {image.shape(0), image.shape(1) / step, image.shape(2) / step, image.shape(3)});
    const Pool named = pool_named(how);
    T* data = out.mutable_data();
    const py::gil_scoped_release release;
    pool(image.data(), data, size, named, shape);
}

AxisWeights axis(const Firsts& first, const Array<double>& weight, py::ssize_t count) {
    require_shape(first, "first (output)", {count});
    require_shape(weight, "weight (output, tap)", {count, -1});
    return {static_cast<std::size_t>(count), size_of(weight, 1), first.data(), weight.data()};
}

template <class T>
void resample_array(const Array<T>& image, Array<T> out, const Firsts& first_y, const Array<double>& weight_y,
                    const Firsts& first_x, const Array<double>& weight_x) {
    const ImageShape shape = shape_of(image);
    require_shape(out, "out (example, y, x, channel)", {image.shape(0), -1, -1, image.shape(3)});
    const AxisWeights y = axis(first_y, weight_y, out.shape(1)), x = axis(first_x, weight_x, out.shape(2));
    T* data = out.mutable_data();
    const py::gil_scoped_release release;
    resample(image.data(), data, y, x, shape);
}

template <class T>
SIMCORE_INLINE void angle_body(const T* field, T* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        out[i] =
            static_cast<T>(elementary::atan2(static_cast<double>(field[2 * i + 1]), static_cast<double>(field[2 * i])));
}

SIMCORE_DISPATCH(angles, angle_body, (const float* field, float* out, std::size_t count), (field, out, count))
SIMCORE_DISPATCH(angles, angle_body, (const double* field, double* out, std::size_t count), (field, out, count))

template <class T>
void angle_array(const Array<std::complex<T>>& field, Array<T> out) {
    require_shape(field, "field (example, values)", {-1, -1});
    require_shape(out, "out (example, values)", {field.shape(0), field.shape(1)});
    const auto* from = reinterpret_cast<const T*>(field.data());
    T* data = out.mutable_data();
    const auto count = static_cast<std::size_t>(field.size());
    const py::gil_scoped_release release;
    angles(from, data, count);
}

template <class T>
void add_for(py::module_& module) {
    module.def("normalize_standard", &standard_array<T>, py::arg("image").noconvert(),
               "Each image (example, values) to mean 0 and standard deviation 1, in place; a constant one to 0.");
    module.def("normalize_quantile", &quantile_array<T>, py::arg("image").noconvert(), py::arg("low").noconvert(),
               py::arg("high").noconvert(),
               "Each image (example, values) so that its quantiles low and high become 0 and 1, in place.");
    module.def("gaussian_blur", &gaussian_blur_array<T>, py::arg("image").noconvert(), py::arg("out").noconvert(),
               py::arg("sigma").noconvert(), "Gaussian blur of images (example, y, x, channel) by sigma (example).");
    module.def("mean_blur", &blur_array<T, mean_blur<T>>, py::arg("image").noconvert(), py::arg("out").noconvert(),
               py::arg("size"), "Mean over size x size pixels of images (example, y, x, channel).");
    module.def("median_blur", &blur_array<T, median_blur<T>>, py::arg("image").noconvert(), py::arg("out").noconvert(),
               py::arg("size"), "Median over size x size pixels of images (example, y, x, channel).");
    module.def("pool", &pool_array<T>, py::arg("image").noconvert(), py::arg("out").noconvert(), py::arg("size"),
               py::arg("how"), "mean, sum, min or max over blocks of size x size pixels.");
    module.def("resample", &resample_array<T>, py::arg("image").noconvert(), py::arg("out").noconvert(),
               py::arg("first_y").noconvert(), py::arg("weight_y").noconvert(), py::arg("first_x").noconvert(),
               py::arg("weight_x").noconvert(),
               "Weighted sums along y, then x: output i takes weight[i, t] of input first[i] + t.");
    module.def("angle", &angle_array<T>, py::arg("field").noconvert(), py::arg("out").noconvert(),
               "Angle of each complex value (example, values), in [-pi, pi].");
}

}  // namespace

void add_operations(py::module_& module) {
    add_for<float>(module);
    add_for<double>(module);
}

}  // namespace simcore::bind
