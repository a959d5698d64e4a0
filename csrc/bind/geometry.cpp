// Adapters of the flips and the transposition, for any plain item type.
#include "../geometry.hpp"

#include "bind.hpp"

namespace simcore::bind {
namespace {

ImageBytes image_bytes(py::array& image) {
    constexpr int needed = py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
    if (image.ndim() != 4) throw std::invalid_argument("image (example, y, x, channel): wrong shape");
    if ((image.flags() & needed) != needed) throw py::type_error("image: must be C-contiguous and aligned");
    const py::ssize_t item = image.itemsize();
    const bool plain = std::string("biufc").find(image.dtype().kind()) != std::string::npos;
    if (!plain || (item != 1 && item != 2 && item != 4 && item != 8 && item != 16))
        throw py::type_error("image: must hold plain numbers of 1, 2, 4, 8 or 16 bytes");
    const auto size = [&image](py::ssize_t axis) { return static_cast<std::size_t>(image.shape(axis)); };
    const auto bytes = static_cast<std::size_t>(item);
    return {static_cast<unsigned char*>(image.mutable_data()),
            size(0),
            size(1),
            size(2),
            size(3) * bytes,
            bytes < 8 ? bytes : 8};
}

template <void (*Move)(const ImageBytes&, const bool*)>
void moved(py::array image, const Array<bool>& apply) {
    const ImageBytes view = image_bytes(image);
    require_shape(apply, "apply (example)", {static_cast<py::ssize_t>(view.examples)});
    const py::gil_scoped_release release;
    Move(view, apply.data());
}

}  // namespace

void add_geometry(py::module_& module) {
    const auto image = py::arg("image").noconvert();
    const auto apply = py::arg("apply").noconvert();
    module.def("flip_left_right", &moved<flip_left_right>, image, apply,
               "Mirror x of the images (example, y, x, channel) with apply, in place.");
    module.def("flip_up_down", &moved<flip_up_down>, image, apply,
               "Mirror y of the images (example, y, x, channel) with apply, in place.");
    module.def("transpose", &moved<transpose>, image, apply,
               "Exchange y and x of the square images (example, y, x, channel) with apply, in place.");
}

}  // namespace simcore::bind
