// The arrays that describe bodies, held by reference and checked once.
#pragma once

#include "../shapes.hpp"
#include "bind.hpp"

namespace simcore::bind {

class BodyArrays {
  public:
    BodyArrays(Array<std::int64_t> first, Array<double> x, Array<double> y, Array<double> z, Array<double> radius,
               Array<double> rotation, Array<double> deformation, Array<double> texture, Array<double> texture_scale,
               Array<std::uint64_t> key, Array<std::uint64_t> counter)
        : first_(first),
          x_(x),
          y_(y),
          z_(z),
          radius_(radius),
          rotation_(rotation),
          deformation_(deformation),
          texture_(texture),
          texture_scale_(texture_scale),
          key_(key),
          counter_(counter) {
        require_shape(first, "first (image + 1)", {-1});
        if (first.size() < 1) throw std::invalid_argument("first (image + 1): wrong shape");
        require_shape(x, "x (body)", {-1});
        const py::ssize_t count = x.size();
        require_shape(y, "y (body)", {count});
        require_shape(z, "z (body)", {count});
        require_shape(radius, "radius (body, 3)", {count, 3});
        require_shape(rotation, "rotation (body, 3)", {count, 3});
        require_shape(deformation, "deformation (body)", {count});
        require_shape(texture, "texture (body)", {count});
        require_shape(texture_scale, "texture_scale (body)", {count});
        require_shape(key, "key (2)", {2});
        require_shape(counter, "counter (body, 3)", {count, 3});
    }

    py::ssize_t count() const { return x_.size(); }
    py::ssize_t images() const { return first_.size() - 1; }

    Bodies view(py::ssize_t images) const {
        require_shape(first_, "first (image + 1)", {images + 1});
        return {first_.data(),
                x_.data(),
                y_.data(),
                z_.data(),
                radius_.data(),
                rotation_.data(),
                deformation_.data(),
                texture_.data(),
                texture_scale_.data(),
                counter_.data(),
                {key_.data()[0], key_.data()[1]}};
    }

  private:
    Array<std::int64_t> first_;
    Array<double> x_, y_, z_, radius_, rotation_, deformation_, texture_, texture_scale_;
    Array<std::uint64_t> key_, counter_;
};

}  // namespace simcore::bind
