#include "radial_profile.hpp"

#include <algorithm>
#include <cmath>

#include "elementary.hpp"
#include "mie.hpp"

namespace simcore {
namespace {

SIMCORE_INLINE void pupil_body(std::int64_t count, const double* w, const double* weight, double sine,
                               double* one_minus_cos, double* to) {
    for (std::int64_t j = 0; j < count; ++j) {
        const double square = sine * sine * w[j];
        const double cosine = std::sqrt(std::max(1.0 - square, 1e-30));
        one_minus_cos[j] = square / (1.0 + cosine);
        to[j] = 0.25 * sine * sine * weight[j] / std::sqrt(cosine);
    }
}

SIMCORE_DISPATCH(pupil_directions, pupil_body,
                 (std::int64_t count, const double* w, const double* weight, double sine, double* one_minus_cos,
                  double* to),
                 (count, w, weight, sine, one_minus_cos, to))

// sums: four rows of terms, the weighted a + b and a - b, real and imaginary.
template <int bytes>
SIMCORE_INLINE void integrand_body(const Pupil& pupil, std::int64_t terms, const double* sums, double depth,
                                   double* to) {
    const std::int64_t count = pupil.count;
    for (std::int64_t j = 0; j < count; ++j) {
        const elementary::SinCos turn = elementary::sincos(-depth * pupil.one_minus_cos[j]);
        to[j] = pupil.weight[j] * turn.cos;
        to[count + j] = pupil.weight[j] * turn.sin;
    }
    using Lanes = Pack<double, kLanes, bytes>;
    for (std::int64_t j = 0; j < count; j += kLanes) {
        Lanes ar, ai, br, bi;
        const double *sum = pupil.sum.data() + j, *difference = pupil.difference.data() + j;
        for (std::int64_t n = 0; n < terms; ++n) {
            const Lanes u(sum + n * count), d(difference + n * count);
            ar += sums[n] * u;
            ai += sums[terms + n] * u;
            br += sums[2 * terms + n] * d;
            bi += sums[3 * terms + n] * d;
        }
        const Lanes wr(to + j), wi(to + count + j);
        (ar * wr - ai * wi).store(to + j);
        (ar * wi + ai * wr).store(to + count + j);
        (br * wr - bi * wi).store(to + 2 * count + j);
        (br * wi + bi * wr).store(to + 3 * count + j);
    }
}

SIMCORE_DISPATCH_LANES(integrand_dispatched, integrand_body,
                       (const Pupil& pupil, std::int64_t terms, const double* sums, double depth, double* to),
                       (pupil, terms, sums, depth, to))

// Radial points that `accumulate` treats together: with the real and the imaginary part, four registers of sums or,
// where registers are half as wide and half as many, eight.
template <class T>
constexpr int kTogether = 128 / sizeof(T);

// One Bessel function: real and imaginary sums over the nodes.
template <int bytes, class T>
SIMCORE_INLINE void accumulate(std::int64_t nodes, const T* table, const T* re, const T* im, T* to_re, T* to_im) {
    using Points = Pack<T, kTogether<T>, bytes>;
    Points real, imaginary;
    for (std::int64_t j = 0; j < nodes; ++j) {
        const Points value(table + 2 * kPanel * j);
        real += re[j] * value;
        imaginary += im[j] * value;
    }
    real.store(to_re);
    imaginary.store(to_im);
}

// The integrals at every radial point of the panels: planes has four rows of panels * kPanel values.
template <int bytes, class T>
SIMCORE_INLINE void transform(std::int64_t nodes, std::int64_t panels, const T* const* tables, const T* integrand,
                              T* planes) {
    const std::int64_t row = panels * kPanel;
    for (std::int64_t p = 0; p < panels; ++p) {
        for (int i = 0; i < kPanel; i += kTogether<T>) {
            T* to = planes + p * kPanel + i;
            accumulate<bytes>(nodes, tables[p] + i, integrand, integrand + nodes, to, to + row);
            accumulate<bytes>(nodes, tables[p] + kPanel + i, integrand + 2 * nodes, integrand + 3 * nodes, to + 2 * row,
                              to + 3 * row);
        }
    }
}

// Interpolation (Lagrange, `taps` points) of the even functions in planes at the points (i - before) * ratio.
template <int bytes, class T>
SIMCORE_INLINE void resample(std::int64_t row, const T* planes, double ratio, std::int64_t before, std::int64_t count,
                             T* padded, std::int32_t* base, T* fraction, T* weight, T* quads) {
    using Quad = Pack<T, 4, bytes>;
    constexpr int taps = RadialGrid<T>::taps;
    constexpr int left = taps / 2 - 1;
    for (std::int64_t i = 0; i < row; ++i)
        for (int c = 0; c < 4; ++c) padded[4 * (i + left) + c] = planes[c * row + i];
    for (std::int64_t i = 1; i <= left; ++i)
        for (int c = 0; c < 4; ++c) padded[4 * (left - i) + c] = planes[c * row + i];
    for (std::int64_t i = 0; i < count; ++i) {
        const double position = std::abs(static_cast<double>(i - before) * ratio);
        base[i] = static_cast<std::int32_t>(position);
        fraction[i] = static_cast<T>(position - base[i]);
    }
    for (int k = 0; k < taps; ++k) {
        double scale = 1.0;
        for (int j = 0; j < taps; ++j) scale *= j == k ? 1.0 : k - j;
        const T inverse = static_cast<T>(1.0 / scale);
        T* to = weight + k * count;
        for (std::int64_t i = 0; i < count; ++i) {
            T product = inverse;
            for (int j = 0; j < taps; ++j) product *= j == k ? T(1) : fraction[i] - static_cast<T>(j - left);
            to[i] = product;
        }
    }
    for (std::int64_t i = 0; i < count; ++i) {
        const T* from = padded + 4 * base[i];
        Quad sum;
        for (int k = 0; k < taps; ++k) sum += weight[k * count + i] * Quad(from + 4 * k);
        sum.store(quads + 4 * i);
    }
}

template <class T>
struct ProfileCall {
    std::int64_t nodes, panels;
    const T* const* tables;
    const T* integrand;
    T* planes;
    double ratio;
    std::int64_t before, count;
    T* padded;
    std::int32_t* base;
    T *fraction, *weight, *quads;
};

template <int bytes, class T>
SIMCORE_INLINE void profile_body(const ProfileCall<T>& call) {
    transform<bytes>(call.nodes, call.panels, call.tables, call.integrand, call.planes);
    resample<bytes>(call.panels * kPanel, call.planes, call.ratio, call.before, call.count, call.padded, call.base,
                    call.fraction, call.weight, call.quads);
}

SIMCORE_DISPATCH_LANES(profile_dispatched, profile_body, (const ProfileCall<float>& call), (call))
SIMCORE_DISPATCH_LANES(profile_dispatched_double, profile_body, (const ProfileCall<double>& call), (call))

void run(const ProfileCall<float>& call) { profile_dispatched(call); }
void run(const ProfileCall<double>& call) { profile_dispatched_double(call); }

template <class T>
SIMCORE_INLINE void pieces_body(std::int64_t functions, std::int64_t count, const T* values, T* pieces) {
    const T third = T(1) / T(60);
    const auto slope = [=](const T* at) {
        const T near = at[functions] - at[-functions], middle = at[2 * functions] - at[-2 * functions];
        const T far = at[3 * functions] - at[-3 * functions];
        return (T(45) * near - T(9) * middle + far) * third;
    };
    for (std::int64_t i = 3; i + 4 < count; ++i) {
        for (std::int64_t f = 0; f < functions; ++f) {
            const T* at = values + i * functions + f;
            const T rise = at[functions] - at[0], begin = slope(at), end = slope(at + functions);
            T* to = pieces + 4 * functions * (i - 3) + f;
            to[0] = at[0];
            to[functions] = begin;
            to[2 * functions] = T(3) * rise - T(2) * begin - end;
            to[3 * functions] = begin + end - T(2) * rise;
        }
    }
}

SIMCORE_DISPATCH(pieces_float, pieces_body,
                 (std::int64_t functions, std::int64_t count, const float* values, float* pieces),
                 (functions, count, values, pieces))
SIMCORE_DISPATCH(pieces_double, pieces_body,
                 (std::int64_t functions, std::int64_t count, const double* values, double* pieces),
                 (functions, count, values, pieces))

}  // namespace

void fill_pupil(RadialTables& tables, bool grazing, int count, double sine, std::int64_t terms, Pupil& pupil) {
    pupil.grazing = grazing;
    pupil.count = count;
    pupil.sine = sine;
    pupil.terms = terms;
    pupil.nodes = tables.nodes(grazing, count);
    pupil.one_minus_cos.resize(count);
    pupil.weight.resize(count);
    pupil_directions(count, pupil.nodes->w.data(), pupil.nodes->weight.data(), sine, pupil.one_minus_cos.data(),
                     pupil.weight.data());
    pupil.sum.resize(static_cast<std::size_t>(terms * count));
    pupil.difference.resize(static_cast<std::size_t>(terms * count));
    angular_functions(terms, count, pupil.one_minus_cos.data(), pupil.sum.data(), pupil.difference.data());
}

void integrand(const Pupil& pupil, std::int64_t terms, const std::complex<double>* a, const std::complex<double>* b,
               double depth, double* to) {
    std::vector<double> sums(static_cast<std::size_t>(4 * terms));
    for (std::int64_t n = 0; n < terms; ++n) {
        const double order = static_cast<double>(n + 1);
        const double weight = (2.0 * order + 1.0) / (order * (order + 1.0));
        sums[n] = weight * (a[n].real() + b[n].real());
        sums[terms + n] = weight * (a[n].imag() + b[n].imag());
        sums[2 * terms + n] = weight * (a[n].real() - b[n].real());
        sums[3 * terms + n] = weight * (a[n].imag() - b[n].imag());
    }
    integrand_dispatched(pupil, terms, sums.data(), depth, to);
}

template <class T>
void radial_profile(RadialTables& tables, const Pupil& pupil, const double* integrand, double spacing,
                    std::int64_t before, std::int64_t count, ProfileScratch<T>& scratch, T* quads) {
    constexpr int taps = RadialGrid<T>::taps;
    const double ratio = spacing / RadialGrid<T>::step;
    const double last = static_cast<double>(std::max(before, count - 1 - before)) * ratio;
    const std::int64_t panels = (static_cast<std::int64_t>(last) + taps) / kPanel + 1;
    const std::int64_t nodes = pupil.count;
    for (std::int64_t p = scratch.rows.size(); p < panels; ++p) {
        scratch.panels.push_back(tables.panel<T>(pupil.grazing, pupil.count, p));
        scratch.rows.push_back(scratch.panels.back()->data());
    }
    scratch.integrand.assign(integrand, integrand + 4 * nodes);
    scratch.planes.resize(static_cast<std::size_t>(4 * panels * kPanel));
    scratch.quads.resize(static_cast<std::size_t>(4 * (panels * kPanel + taps)));
    scratch.fraction.resize(static_cast<std::size_t>(count));
    scratch.weight.resize(static_cast<std::size_t>(count * taps));
    scratch.base.resize(static_cast<std::size_t>(count));
    run({nodes, panels, scratch.rows.data(), scratch.integrand.data(), scratch.planes.data(), ratio, before, count,
         scratch.quads.data(), scratch.base.data(), scratch.fraction.data(), scratch.weight.data(), quads});
}

template void radial_profile<float>(RadialTables&, const Pupil&, const double*, double, std::int64_t, std::int64_t,
                                    ProfileScratch<float>&, float*);
template void radial_profile<double>(RadialTables&, const Pupil&, const double*, double, std::int64_t, std::int64_t,
                                     ProfileScratch<double>&, double*);

void cubic_pieces(std::int64_t functions, std::int64_t count, const float* values, float* pieces) {
    pieces_float(functions, count, values, pieces);
}

void cubic_pieces(std::int64_t functions, std::int64_t count, const double* values, double* pieces) {
    pieces_double(functions, count, values, pieces);
}

}  // namespace simcore
