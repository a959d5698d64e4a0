// Warps: each pixel of an image takes the value found at another place of the same image. In place, one thread.
//
// Places are in pixels, (0, 0) the centre of the first pixel. Between pixels: the nearest one (a place halfway belongs
// to the higher), the bilinear, or the cubic convolution with a = -1/2 (Catmull-Rom) of Keys, "Cubic convolution
// interpolation for digital image processing", IEEE Trans. ASSP 29, 1153 (1981). Beyond the edge the image goes on as
// `Edge` says. Places are computed in double, values in T.
#pragma once

#include <cstddef>
#include <cstdint>

#include "edge.hpp"

namespace simcore {

// The images (example, height, width, channels) of a block and how they are read.
template <class T>
struct WarpImages {
    T* data;
    std::size_t examples, height, width, channels;
    const bool* apply;  // (example): the others stay as they are
    const T* value;     // (example, channels): Edge::constant
    Edge edge;
    int order;  // 0, 1 or 3; 0 only where T is unsigned
};

// T: float, double, and the unsigned integers of 8 to 64 bits. Throws std::invalid_argument, before anything is
// changed: other orders; an image of more than 2^30 pixels; matrix or displacement not finite.
//
// matrix (example, 2, 3): the pixel (y, x) is taken from (m00 y + m01 x + m02, m10 y + m11 x + m12).
template <class T>
void warp_affine(const WarpImages<T>& images, const double* matrix);

// displacement (example, 2, height, width): the pixel (y, x) is taken from (y + displacement[0], x + displacement[1]).
template <class T>
void warp_displaced(const WarpImages<T>& images, const float* displacement);

// Where points go when `warp_displaced` moves what lies at them: p with p + d(p) = q, to 1e-7 px, for each point q of
// (example, points, 2), in place. d between pixels is the polynomial through the six nearest on each axis; beyond the
// edge it is that of the edge. Where the map folds (d falls by more than a pixel per pixel), a point may have several
// places or none: then the best one met. Points that are not finite stay.
void move_displaced(double* points, const float* displacement, const bool* apply, std::size_t examples,
                    std::size_t points_each, std::size_t height, std::size_t width);

// Random displacement of Simard, Steinkraus, Platt, "Best practices for convolutional neural networks applied to visual
// document analysis", ICDAR 2003: out (example, 2, height, width) = alpha * Gaussian filter (sigma) of white noise,
// uniform between -1 and 1 and of each component its own. The filter is cut at 4 sigma and its weights add up to 1;
// beyond the edge there is no noise, so that the displacement is smaller there: its variance is alpha^2 / 3 times the
// sum of the squared weights that meet the image. Examples without apply: zero. address: three words per image
// (example, hash of the name, hash of copy and frame). Throws std::invalid_argument: alpha not finite, sigma outside
// (0, 1000], an image of more than 2^30 pixels.
void elastic_displacement(float* out, const bool* apply, const double* alpha, const double* sigma,
                          const std::uint64_t seed[2], const std::uint64_t* address, std::size_t examples,
                          std::size_t height, std::size_t width);

}  // namespace simcore
