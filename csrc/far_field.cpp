#include "far_field.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "mie.hpp"
#include "radial_profile.hpp"

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr std::int64_t kBefore = 3, kMargin = 7;  // points that the derivatives of cubic_pieces need

// Phase between nodes of the fastest term; the interpolation's error is its fourth power / 384, a small part of the
// tolerance.
template <class T>
double phase_for(double tolerance) {
    return sizeof(T) == 8 ? 0.05 : std::min(std::max(0.3, std::sqrt(std::sqrt(384.0 * 0.04 * tolerance))), 0.6);
}

std::int64_t terms_in_use(std::int64_t terms, const std::complex<double>* a, const std::complex<double>* b) {
    while (terms > 1 && a[terms - 1] == 0.0 && b[terms - 1] == 0.0) --terms;
    return terms;
}

// The last term that has a few thousandths of the largest one.
double last_order(std::int64_t terms, const std::complex<double>* a, const std::complex<double>* b) {
    double largest = 0.0;
    const auto size = [&](std::int64_t n) {
        return static_cast<double>(2 * n + 3) * (std::abs(a[n]) + std::abs(b[n]));
    };
    for (std::int64_t n = 0; n < terms; ++n) largest = std::max(largest, size(n));
    while (terms > 1 && size(terms - 1) < 3e-3 * largest) --terms;
    return static_cast<double>(terms);
}

// d Theta / d v <= 1 / cos(Theta / 2) times the order of the last term.
double step_for(double phase, double order, double largest) {
    const double wanted = phase * std::sqrt(1.0 - 0.25 * largest * largest) / order;
    return std::min({wanted, (2.0 - largest) / 6.0, largest / 4.0});
}

// S1 and S2 at v = 0, step, 2 step ...
template <class T>
void amplitudes_at_nodes(const Source& source, std::int64_t terms, std::int64_t nodes, double step,
                         AmplitudeScratch<T>& scratch) {
    scratch.s1.resize(nodes);
    scratch.s2.resize(nodes);
    if (source.angles == 0) {
        scratch.cosine.resize(nodes);
        for (std::int64_t i = 0; i < nodes; ++i) {
            const double v = static_cast<double>(i) * step;
            scratch.cosine[i] = std::max(-1.0, 1.0 - 0.5 * v * v);
        }
        mie_amplitudes(1, terms, source.a, source.b, nodes, scratch.cosine.data(), scratch.s1.data(),
                       scratch.s2.data());
        return;
    }
    Directions& directions = scratch.directions;
    directions.count = static_cast<int>(nodes);
    directions.one_minus_cos.resize(nodes);
    directions.weight.assign(nodes, 0.5);
    directions.path.assign(nodes, 0.0);
    for (std::int64_t i = 0; i < nodes; ++i) {
        const double v = static_cast<double>(i) * step;
        directions.one_minus_cos[i] = std::min(2.0, 0.5 * v * v);
    }
    scratch.rows.resize(4 * nodes);
    const double* rows = scratch.rows.data();
    integrand(directions, source, false, {0.0, 0.0, 0.0}, scratch.source, scratch.rows.data());
    for (std::int64_t i = 0; i < nodes; ++i) {
        const std::complex<double> sum(rows[i], rows[nodes + i]), rest(rows[2 * nodes + i], rows[3 * nodes + i]);
        scratch.s1[i] = sum + rest;
        scratch.s2[i] = sum - rest;
    }
}

}  // namespace

template <class T>
void tabulate(const Source& source, double tolerance, double from, double largest, AmplitudeScratch<T>& scratch,
              AmplitudeTable<T>& table) {
    if (!(largest < 1.998)) throw std::domain_error("light scattered straight back is not imaged here");
    const std::int64_t terms = source.angles > 0 ? 0 : terms_in_use(source.terms, source.a, source.b);
    // A table has 2 pi steps or more for each order in it.
    const double finest = static_cast<double>(source.angles - 1) / (2.0 * kPi);
    table.order = source.angles > 0 ? finest : last_order(terms, source.a, source.b);
    const double step =
        step_for(phase_for<T>(tolerance), source.angles > 0 ? finest : static_cast<double>(terms), largest);
    const std::int64_t intervals = static_cast<std::int64_t>(largest / step) + 2, nodes = intervals + kMargin - kBefore;
    amplitudes_at_nodes(source, terms, nodes, step, scratch);
    table.per_unit = 1.0 / step;
    table.rim = 0.0;
    scratch.values.resize(4 * (nodes + kBefore));
    for (std::int64_t i = 0; i < nodes + kBefore; ++i) {
        const std::int64_t node = std::abs(i - kBefore);
        const std::complex<double> sum = 0.5 * (scratch.s1[node] + scratch.s2[node]);
        const std::complex<double> difference = 0.5 * (scratch.s2[node] - scratch.s1[node]);
        T* to = scratch.values.data() + 4 * i;
        to[0] = static_cast<T>(sum.real());
        to[1] = static_cast<T>(sum.imag());
        to[2] = static_cast<T>(difference.real());
        to[3] = static_cast<T>(difference.imag());
        if (static_cast<double>(node + 1) * step >= from)
            table.rim = std::max({table.rim, std::norm(scratch.s1[node]), std::norm(scratch.s2[node])});
    }
    table.rim = std::sqrt(table.rim);
    table.pieces.resize(16 * intervals);
    cubic_pieces(4, nodes + kBefore, scratch.values.data(), table.pieces.data());
}

template void tabulate(const Source&, double, double, double, AmplitudeScratch<float>&, AmplitudeTable<float>&);
template void tabulate(const Source&, double, double, double, AmplitudeScratch<double>&, AmplitudeTable<double>&);

}  // namespace simcore
