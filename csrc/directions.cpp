#include "directions.hpp"

#include <algorithm>
#include <cmath>

#include "dispatch.hpp"
#include "elementary.hpp"
#include "mie.hpp"

namespace simcore {
namespace {

constexpr double kGrazing = 0.96;  // sin^2 above which an integrand is singular just outside the interval
constexpr int kProbes = 64;

// What the path needs of an objective, for directions up to a sine.
struct Path {
    double sine_square, rho_square, medium, depth, immersed;  // immersed: n_i^2 / n
    double ratio_square;                                      // (n / n_i)^2
    std::int64_t terms;
    const double* coefficient;
};

Path path_of(const Objective& o, double sine) {
    const double rho = o.medium_index * sine / o.numerical_aperture, ratio = o.medium_index / o.immersion_index;
    const double depth = ratio == 1.0 ? 0.0 : o.focus_depth;
    const double immersed = o.immersion_index * o.immersion_index / o.medium_index;
    return {sine * sine, rho * rho, o.medium_index, depth, immersed, ratio * ratio, o.wavefront_terms, o.wavefront};
}

bool is_flat(const Path& path) {
    const bool none = std::all_of(path.coefficient, path.coefficient + path.terms, [](double c) { return c == 0.0; });
    return none && path.depth == 0.0;
}

SIMCORE_INLINE double below_one(double square) {  // 1 - cos from sin^2
    return square / (1.0 + std::sqrt(std::max(1.0 - square, 1e-30)));
}

SIMCORE_INLINE double path_at(const Path& p, double w) {
    double sum = 0.0;
    for (std::int64_t k = p.terms - 1; k >= 0; --k) sum = (sum + p.coefficient[k]) * (p.rho_square * w);
    const double square = p.sine_square * w;
    return sum + p.depth * (p.immersed * below_one(p.ratio_square * square) - p.medium * below_one(square));
}

// Steepest rise of the path in the variable of the nodes.
double slope(const Path& path, bool grazing) {
    double steepest = 0.0, before = 0.0;
    for (int i = 0; i <= kProbes; ++i) {
        const double q = static_cast<double>(i) / kProbes, w = grazing ? 1.0 - q * q * q * q : q;
        const double here = path_at(path, w);
        if (i > 0) steepest = std::max(steepest, std::abs(here - before) * kProbes);
        before = here;
    }
    return steepest;
}

// 4 nodes per 2 pi of half the pupil's total phase, and a margin: Gauss's rule in w converges as the integrand allows
// whose nearest singularity is sqrt(cos t), at rate^(-2 N). Where sin t_max is close to 1 the other family of nodes
// serves, with twice the number.
double wanted_nodes(const Path& path, const Sampling& sampling, double waist, bool grazing, double square) {
    const double swing = sampling.swing + path.rho_square / (waist * waist);
    const double more = 0.25 * sampling.wavenumber * (is_flat(path) ? 0.0 : slope(path, grazing));
    if (grazing) return 0.5 * swing + more + 2.0 * sampling.margin;
    const double x = 2.0 / square - 1.0;
    return 0.25 * swing + more + sampling.margin + 0.5 * sampling.digits / elementary::log(x + std::sqrt(x * x - 1.0));
}

SIMCORE_INLINE void nodes_body(std::int64_t count, const double* w, const double* weight, double sine, double fall,
                               double* one_minus_cos, double* to) {
    for (std::int64_t j = 0; j < count; ++j) {
        const double square = sine * sine * w[j];
        const double cosine = std::sqrt(std::max(1.0 - square, 1e-30));
        one_minus_cos[j] = square / (1.0 + cosine);
        to[j] = 0.25 * sine * sine * weight[j] / std::sqrt(cosine) * elementary::exp(-fall * w[j]);
    }
}

SIMCORE_DISPATCH(nodes_dispatched, nodes_body,
                 (std::int64_t count, const double* w, const double* weight, double sine, double fall,
                  double* one_minus_cos, double* to),
                 (count, w, weight, sine, fall, one_minus_cos, to))

void fill(RadialTables& tables, const Path& path, std::int64_t terms, Directions& to) {
    to.terms = terms;
    to.nodes = tables.nodes(to.grazing, to.count);
    to.one_minus_cos.resize(to.count);
    to.weight.resize(to.count);
    nodes_dispatched(to.count, to.nodes->w.data(), to.nodes->weight.data(), to.sine, to.fall, to.one_minus_cos.data(),
                     to.weight.data());
    to.path.resize(to.count);
    for (int j = 0; j < to.count; ++j) to.path[j] = to.flat ? 0.0 : path_at(path, to.nodes->w[j]);
    to.sum.resize(static_cast<std::size_t>(terms * to.count));
    to.difference.resize(static_cast<std::size_t>(terms * to.count));
    angular_functions(terms, to.count, to.one_minus_cos.data(), to.sum.data(), to.difference.data());
}

}  // namespace

const Directions& DirectionSets::of(RadialTables& tables, const Objective& objective, double sine,
                                    const Sampling& sampling, std::int64_t terms) {
    const Path path = path_of(objective, sine);
    const double steepest = path.sine_square * (path.depth == 0.0 ? 1.0 : std::max(1.0, path.ratio_square));
    const double fall = path.rho_square / (objective.waist * objective.waist);
    const bool grazing = steepest > kGrazing, flat = is_flat(path);
    const int count = nodes_on_ladder(wanted_nodes(path, sampling, objective.waist, grazing, steepest));
    for (const Directions& d : kept_)
        if (flat && d.flat && d.count == count && d.grazing == grazing && d.sine == sine && d.fall == fall &&
            d.terms >= terms)
            return d;
    Directions& to = kept_[next_++ % kKept];
    to.fall = fall;
    to.grazing = grazing;
    to.flat = flat;
    to.count = count;
    to.sine = sine;
    fill(tables, path, terms, to);
    return to;
}

}  // namespace simcore
