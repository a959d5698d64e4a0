// Adapter of the camera.
#include "../camera.hpp"

#include <pybind11/stl.h>

#include <optional>

#include "bind.hpp"

namespace simcore::bind {
namespace {

using Words = Array<std::uint64_t>;
using Map = std::optional<Array<double>>;

const double* checked(const Array<double>& array, const char* name, py::ssize_t length) {
    require_shape(array, name, {length});
    return array.data();
}

const double* checked(const Map& map, const char* name, py::ssize_t length) {
    return map ? checked(*map, name, length) : nullptr;
}

template <class T>
void camera_array(Array<T> image, const Array<double>& quantum_efficiency, const Array<double>& dark,
                  const Array<double>& em_gain, const Array<double>& read_noise, const Array<double>& gain,
                  const Array<double>& offset, const Array<double>& full_well, const Map& gain_map,
                  const Map& offset_map, const Map& deviation_map, double ceiling, const Words& key,
                  const Words& counter) {
    require_shape(image, "image (example, values)", {-1, -1});
    const py::ssize_t examples = image.shape(0), values = image.shape(1);
    require_shape(key, "key (2)", {2});
    require_shape(counter, "counter (example, 3)", {examples, 3});
    const Camera camera{checked(quantum_efficiency, "quantum_efficiency (example)", examples),
                        checked(dark, "dark (example)", examples),
                        checked(em_gain, "em_gain (example)", examples),
                        checked(read_noise, "read_noise (example)", examples),
                        checked(gain, "gain (example)", examples),
                        checked(offset, "offset (example)", examples),
                        checked(full_well, "full_well (example)", examples),
                        checked(gain_map, "gain_map (values)", values),
                        checked(offset_map, "offset_map (values)", values),
                        checked(deviation_map, "deviation_map (values)", values),
                        ceiling};
    T* data = image.mutable_data();
    const py::gil_scoped_release release;
    expose(data, camera, key.data(), counter.data(), static_cast<std::size_t>(examples),
           static_cast<std::size_t>(values));
}

template <class T>
void add_for(py::module_& module) {
    module.def("camera", &camera_array<T>, py::arg("image").noconvert(), py::arg("quantum_efficiency").noconvert(),
               py::arg("dark").noconvert(), py::arg("em_gain").noconvert(), py::arg("read_noise").noconvert(),
               py::arg("gain").noconvert(), py::arg("offset").noconvert(), py::arg("full_well").noconvert(),
               py::arg("gain_map").noconvert(), py::arg("offset_map").noconvert(), py::arg("deviation_map").noconvert(),
               py::arg("ceiling"), py::arg("key").noconvert(), py::arg("counter").noconvert(),
               "Photons (example, values) to counts, in place; settings float64 (example); maps float64 (values) or "
               "None; ceiling infinite: counts are neither rounded nor clipped.");
}

}  // namespace

void add_camera(py::module_& module) {
    add_for<float>(module);
    add_for<double>(module);
}

}  // namespace simcore::bind
