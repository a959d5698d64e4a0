// Normalisation of images (example, values), in place, one thread; arithmetic in double. T is float or double.
#pragma once

#include <cstddef>

namespace simcore {

// Each image to mean 0 and standard deviation 1 (of its values, not of a population); a constant image to 0. Throws
// std::invalid_argument, before anything is changed: image not finite.
template <class T>
void normalize_standard(T* image, std::size_t examples, std::size_t values);

// Each image linearly, so that its quantiles low and high become 0 and 1; where they are equal, 0 everywhere. Quantiles
// interpolate linearly between order statistics (definition 7 of Hyndman and Fan, Am. Stat. 50, 361 (1996)). Throws
// std::invalid_argument, before anything is changed: low or high outside [0, 1], low >= high, image not finite.
template <class T>
void normalize_quantile(T* image, const double* low, const double* high, std::size_t examples, std::size_t values);

}  // namespace simcore
