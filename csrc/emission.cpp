#include "emission.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "elementary.hpp"
#include "emission_rows.hpp"
#include "emission_setup.hpp"
#include "radial_profile.hpp"

namespace simcore {
namespace {

using Setup = EmissionSetup;

// Cubics of the intervals that the light reaches, and one of nothing.
template <class T>
void pieces(const Setup& setup, const std::vector<T>& values, std::vector<T>& to) {
    to.resize(4 * static_cast<std::size_t>(setup.end()));
    cubic_pieces(1, setup.end() + kEmissionMargin, values.data(), to.data());
    to.resize(to.size() + 4, T(0));
}

// Smallest distance of a cell from an emitter, in pixels.
double nearest(const PixelRule& rule, const Setup& setup, double x, double y) {
    const double first = rule.position(0);
    const double dx = std::max({first - x, x - rule.position(setup.cells - 1), 0.0});
    const double dy = std::max({first - y, y - rule.position(setup.rows - 1), 0.0});
    return std::sqrt(dx * dx + dy * dy);
}

EmitterList only(const EmitterList& e, std::int64_t i) {
    return {1, e.x + i, e.y + i, e.z + i, e.intensity + i, e.polar + i, e.azimuth + i};
}

template <class T>
void place_columns(const Setup& setup, double x, EmissionScratch<T>& s) {
    const std::size_t cells = static_cast<std::size_t>(setup.cells) + kSpotPadding;
    s.dx.assign(cells, T(0));
    s.base.resize(cells);
    s.fraction.resize(cells);
    for (std::int64_t i = 0; i < setup.cells; ++i)
        s.dx[i] = static_cast<T>(s.rule.position(i) * setup.scale - x * setup.scale);
}

template <class T>
void add_emitter(const Setup& setup, double x, double y, double intensity, double azimuth, bool fixed,
                 EmissionScratch<T>& s, T* cells) {
    pieces(setup, s.even, s.even_pieces);
    if (fixed) {
        pieces(setup, s.odd, s.odd_pieces);
        pieces(setup, s.twice, s.twice_pieces);
    }
    place_columns(setup, x, s);
    const elementary::SinCos turn = elementary::sincos(fixed ? azimuth : 0.0);
    add_spot(EmissionSpot<T>{s.rule, setup.rows, setup.cells, x, y, setup.scale, setup.end(), s.dx.data(),
                             static_cast<T>(intensity), static_cast<T>(turn.cos), static_cast<T>(turn.sin),
                             s.even_pieces.data(), fixed ? s.odd_pieces.data() : nullptr, s.twice_pieces.data()},
             SpotScratch<T>{s.base.data(), s.fraction.data()}, cells);
}

}  // namespace

template <class T>
EmitterImager<T>::EmitterImager(RadialTables& tables, EmissionModel model, double tolerance)
    : tables_(tables), model_(model), tolerance_(tolerance), scratch_(std::make_unique<EmissionScratch<T>>()) {}

template <class T>
EmitterImager<T>::~EmitterImager() = default;

template <class T>
void EmitterImager<T>::draw(const EmissionOptics& optics, const RadialWavefront& wavefront, const Spectrum& light,
                            const EmitterList& emitters, std::int64_t height, std::int64_t width, T* out) {
    EmissionScratch<T>& s = *scratch_;
    if (emitters.count == 0) {
        std::fill(out, out + height * width, T(0));
        return;
    }
    const Setup setup =
        set_up_emission(optics, model_, wavefront, light, emitters, tolerance_, height, width, false, s, tables_);
    if (!setup.round) s.cells.resize(static_cast<std::size_t>(setup.rows * setup.cells));
    T* cells = setup.round ? out : s.cells.data();
    std::fill(cells, cells + setup.rows * setup.cells, T(0));
    for (std::int64_t i = 0; i < emitters.count; ++i) {
        const double x = emitters.x[i], y = emitters.y[i];
        if (nearest(s.rule, setup, x, y) * optics.pixel_size > setup.reach) continue;
        const bool fixed = model_.vectorial && !std::isnan(emitters.polar[i]);
        const elementary::SinCos tilt = elementary::sincos(fixed ? emitters.polar[i] : 0.0);
        const Emitter emitter{optics.depth(emitters.z[i]), optics.depth(0.0), tilt.sin, tilt.cos, fixed};
        emission_profile(tables_, optics, model_, wavefront, light, setup, emitter, s);
        add_emitter(setup, x, y, emitters.intensity[i], emitters.azimuth[i], fixed, s, cells);
    }
    if (setup.round) return;
    s.column.resize(static_cast<std::size_t>(setup.cells));
    for (std::int64_t y = 0; y < height; ++y)
        integrate_row(s.rule, s.cells.data() + y * s.rule.division * setup.cells, setup.cells, s.column.data(), width,
                      out + y * width);
}

template <class T>
void EmitterImager<T>::draw_stack(const EmissionOptics& optics, const RadialWavefront& wavefront, const Spectrum& light,
                                  const EmitterList& emitters, std::int64_t height, std::int64_t width, T* out) {
    const std::int64_t size = height * width;
    for (std::int64_t first = 0; first < emitters.count; first += kStack) {
        const std::int64_t here = std::min(kStack, emitters.count - first);
        if (here < kLeastStack ||
            !draw_together(optics, wavefront, light, only(emitters, first), here, height, width, out))
            for (std::int64_t i = 0; i < here; ++i)
                draw(optics, wavefront, light, only(emitters, first + i), height, width, out + i * size);
        out += here * size;
    }
}

template <class T>
bool EmitterImager<T>::draw_together(const EmissionOptics& optics, const RadialWavefront& wavefront,
                                     const Spectrum& light, const EmitterList& emitters, std::int64_t count,
                                     std::int64_t height, std::int64_t width, T* out) {
    if constexpr (std::is_same_v<T, float>) {
        EmissionScratch<float>& s = *scratch_;
        StackSpot spot{height, width, emitters.y[0], 0.0, 0, nullptr, {}, nullptr, {}};
        for (std::int64_t i = 0; i < count; ++i) {
            const EmitterList one = only(emitters, i);
            const Setup setup =
                set_up_emission(optics, model_, wavefront, light, one, tolerance_, height, width, i > 0, s, tables_);
            if (!setup.round) return false;
            if (i == 0) place_columns(setup, emitters.x[0], s);
            spot.scale = setup.scale;
            spot.intensity[i] = static_cast<float>(one.intensity[0]);
            s.stack_pieces[i].clear();
            if (nearest(s.rule, setup, one.x[0], one.y[0]) * optics.pixel_size > setup.reach) continue;
            const Emitter emitter{optics.depth(one.z[0]), optics.depth(0.0), 0.0, 1.0, false};
            emission_profile(tables_, optics, model_, wavefront, light, setup, emitter, s);
            pieces(setup, s.even, s.stack_pieces[i]);
            spot.end = std::max(spot.end, setup.end());
        }
        fill_stack(spot.end, count, s.stack_pieces, s.stack);
        spot.dx = s.dx.data();
        spot.pieces = s.stack.data();
        spot.scratch = {s.base.data(), s.fraction.data()};
        draw_stack_spot(spot, count, out);
        return true;
    }
    return false;
}

template class EmitterImager<float>;
template class EmitterImager<double>;

}  // namespace simcore
