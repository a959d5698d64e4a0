// Quadrature nodes over the pupil and tables of Bessel functions at them: constants of the imaging integrals, made once
// and kept.
//
// The integrals over the polar angle t run over w = (sin t / sin t_max)^2 in [0, 1]. Two families of nodes: Gauss in w,
// and Gauss in q with w = 1 - q^4, which makes sqrt(cos t) smooth where t_max reaches 90 degrees.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include "aligned.hpp"

namespace simcore {

struct PupilNodes {
    std::vector<double> w, weight, root;  // root = sqrt(w) = sin t / sin t_max
};

constexpr int kPanel = 32;  // radial points of one panel

// Step of the radial argument v = 2 pi NA r / wavelength, and points of the interpolation between them.
template <class T>
struct RadialGrid;
template <>
struct RadialGrid<float> {
    static constexpr double step = 0.3125;
    static constexpr int taps = 6;  // error 5e-3 step^6 = 5e-6 at the highest frequency
};
template <>
struct RadialGrid<double> {
    static constexpr double step = 0.25;
    static constexpr int taps = 8;  // error 1e-3 step^8 = 2e-8
};

// kPanel points of the grid, every one or every `stride`th: per node kPanel values of J(v root) for each of the orders
// in turn.
template <class T>
using Panel = AlignedVector<T>;

enum class Orders : int { zero = 1, zero_two = 2, zero_one_two = 3 };  // the value is their number

template <class T>
void fill_panel(std::int64_t nodes, const double* root, std::int64_t index, Orders orders, T* to, int stride = 1);

// The least number of nodes on a ladder (so that few tables are made) that is not below `wanted`. Throws
// std::domain_error beyond 8192.
int nodes_on_ladder(double wanted);

// Thread safe; what it returns depends on the arguments only, never on what was asked before.
class RadialTables {
  public:
    std::shared_ptr<const PupilNodes> nodes(bool grazing, int count);
    template <class T>
    std::shared_ptr<const Panel<T>> panel(bool grazing, int count, std::int64_t index, Orders orders = Orders::zero_two,
                                          int stride = 1);
    std::int64_t bytes() const;

  private:
    using Key = std::tuple<bool, int, std::int64_t, Orders, int>;
    template <class T>
    std::map<Key, std::shared_ptr<const Panel<T>>>& panels();

    mutable std::mutex mutex_;
    std::map<std::pair<bool, int>, std::shared_ptr<const PupilNodes>> nodes_;
    std::map<Key, std::shared_ptr<const Panel<float>>> panels_float_;
    std::map<Key, std::shared_ptr<const Panel<double>>> panels_double_;
    std::int64_t bytes_ = 0;
};

}  // namespace simcore
