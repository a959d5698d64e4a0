#include "radial_tables.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

#include "bessel.hpp"

namespace simcore {
namespace {

constexpr int kMostNodes = 8192;
constexpr std::int64_t kMostBytes = std::int64_t{256} << 20;  // panels beyond that are made anew each time

std::shared_ptr<const PupilNodes> make_nodes(bool grazing, int count) {
    auto made = std::make_shared<PupilNodes>();
    std::vector<double> node(count), weight(count);
    gauss_legendre(count, node.data(), weight.data());
    made->w.resize(count);
    made->weight.resize(count);
    made->root.resize(count);
    for (int j = 0; j < count; ++j) {
        const double q = node[j], cube = q * q * q;
        made->w[j] = grazing ? 1.0 - q * cube : q;
        made->weight[j] = grazing ? 4.0 * cube * weight[j] : weight[j];
        made->root[j] = std::sqrt(made->w[j]);
    }
    return made;
}

}  // namespace

int nodes_on_ladder(double wanted) {
    if (!(wanted <= kMostNodes))
        throw std::domain_error("the field of view or the defocus is too large: more than " +
                                std::to_string(kMostNodes) + " directions would be needed");
    int count = 8, step = 8;
    while (count < wanted) {
        if (count >= 8 * step) step *= 2;
        count += step;
    }
    return count;
}

template <class T>
void fill_panel(std::int64_t nodes, const double* root, std::int64_t index, Orders orders, T* to, int stride) {
    const int count = static_cast<int>(orders);
    for (std::int64_t j = 0; j < nodes; ++j) {
        double argument[kPanel], j0[kPanel], j1[kPanel], j2[kPanel];
        for (int i = 0; i < kPanel; ++i)
            argument[i] = root[j] * (static_cast<double>(stride * (kPanel * index + i)) * RadialGrid<T>::step);
        bessel_j0_j2(kPanel, argument, j0, j2);
        if (orders == Orders::zero_one_two) bessel_j1(kPanel, argument, j1);
        const double* from[3] = {j0, orders == Orders::zero_two ? j2 : j1, j2};
        for (int order = 0; order < count; ++order, to += kPanel)
            for (int i = 0; i < kPanel; ++i) to[i] = static_cast<T>(from[order][i]);
    }
}

template void fill_panel<float>(std::int64_t, const double*, std::int64_t, Orders, float*, int);
template void fill_panel<double>(std::int64_t, const double*, std::int64_t, Orders, double*, int);

template <>
std::map<RadialTables::Key, std::shared_ptr<const Panel<float>>>& RadialTables::panels<float>() {
    return panels_float_;
}

template <>
std::map<RadialTables::Key, std::shared_ptr<const Panel<double>>>& RadialTables::panels<double>() {
    return panels_double_;
}

std::shared_ptr<const PupilNodes> RadialTables::nodes(bool grazing, int count) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto& kept = nodes_[{grazing, count}];
    if (!kept) kept = make_nodes(grazing, count);
    return kept;
}

template <class T>
std::shared_ptr<const Panel<T>> RadialTables::panel(bool grazing, int count, std::int64_t index, Orders orders,
                                                    int stride) {
    const Key key{grazing, count, index, orders, stride};
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = panels<T>().find(key);
        if (found != panels<T>().end()) return found->second;
    }
    // Made without the lock: two threads may make the same panel, and either copy serves.
    const std::shared_ptr<const PupilNodes> at = nodes(grazing, count);
    auto made = std::make_shared<Panel<T>>(static_cast<std::size_t>(count) * static_cast<int>(orders) * kPanel);
    fill_panel(count, at->root.data(), index, orders, made->data(), stride);
    const std::int64_t size = static_cast<std::int64_t>(made->size() * sizeof(T));
    const std::lock_guard<std::mutex> lock(mutex_);
    if (bytes_ + size <= kMostBytes && panels<T>().emplace(key, made).second) bytes_ += size;
    return made;
}

template std::shared_ptr<const Panel<float>> RadialTables::panel<float>(bool, int, std::int64_t, Orders, int);
template std::shared_ptr<const Panel<double>> RadialTables::panel<double>(bool, int, std::int64_t, Orders, int);

std::int64_t RadialTables::bytes() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return bytes_;
}

}  // namespace simcore
