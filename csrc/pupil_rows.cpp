#include "pupil_rows.hpp"

#include <vector>

#include "dispatch.hpp"
#include "elementary.hpp"

namespace simcore {
namespace {

constexpr double kTwoPi = 6.28318530717958647692;

// A row of one state: values, turns along x (none: whole ones) and at this row, and what is added to the values.
template <class T>
struct Row {
    std::int64_t count;
    T *re, *im;
    const T *turn_re, *turn_im;
    std::complex<T> turn, reference;
};

// Turns the values. In columns: of pairs the compiler makes fused instructions.
template <class T>
SIMCORE_INLINE void turn_body(const Row<T>& row) {
    const T c = row.turn.real(), s = row.turn.imag();
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < row.count; ++i) {
        const T u = row.turn_re[i] * c - row.turn_im[i] * s, v = row.turn_re[i] * s + row.turn_im[i] * c;
        const T re = row.re[i] * u - row.im[i] * v;
        row.im[i] = row.re[i] * v + row.im[i] * u;
        row.re[i] = re;
    }
}

SIMCORE_DISPATCH(turn_row, turn_body, (const Row<float>& row), (row))
SIMCORE_DISPATCH(turn_row, turn_body, (const Row<double>& row), (row))

// to: pairs, `apart` pairs from each other.
template <class T>
SIMCORE_INLINE void pairs_body(const Row<T>& row, std::int64_t apart, T* to) {
    const T a = row.reference.real(), b = row.reference.imag();
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < row.count; ++i) {
        to[2 * apart * i] = a + row.re[i];
        to[2 * apart * i + 1] = b + row.im[i];
    }
}

template <class T>
SIMCORE_INLINE void field_body(const Row<T>& row, std::int64_t apart, T* to) {
    apart == 1 ? pairs_body(row, 1, to) : pairs_body(row, apart, to);
}

#define PARAMETERS(T) (const Row<T>& row, std::int64_t apart, T* to)
SIMCORE_DISPATCH(write_field, field_body, PARAMETERS(float), (row, apart, to))
SIMCORE_DISPATCH(write_field, field_body, PARAMETERS(double), (row, apart, to))
#undef PARAMETERS

template <class T>
SIMCORE_INLINE void intensity_body(const Row<T>& row, T weight, T* to) {
    const T a = row.reference.real(), b = row.reference.imag();
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < row.count; ++i) {
        const T x = a + row.re[i], y = b + row.im[i];
        to[i] += weight * (x * x + y * y);
    }
}

#define PARAMETERS(T) (const Row<T>& row, T weight, T* to)
SIMCORE_DISPATCH(add_square, intensity_body, PARAMETERS(float), (row, weight, to))
SIMCORE_DISPATCH(add_square, intensity_body, PARAMETERS(double), (row, weight, to))
#undef PARAMETERS

// exp(2 pi i m j / size) of the direction that counts as 0, at place i.
std::complex<double> turn_at(const Start& start, std::int64_t i, std::int64_t size) {
    if (start.direction == 0) return 1.0;
    const std::int64_t period = 4 * size, m = (start.direction % period + period) % period;
    const std::int64_t j = ((start.place + 2 * i) % period + period) % period;
    const elementary::SinCos turn =
        elementary::sincos(kTwoPi * static_cast<double>(m * j % period) / static_cast<double>(period));
    return {turn.cos, turn.sin};
}

// Part by part: as a pair it would wait in memory for what has been written before.
template <class T>
std::complex<T> narrow(std::complex<double> value) {
    return {static_cast<T>(value.real()), static_cast<T>(value.imag())};
}

// Calls use(state, y, row) for all rows of the image, turned; reference: of each state.
template <class T, class Use>
void for_rows(const Start& x, const Start& y, const std::vector<std::complex<T>>& reference, RowSource<T>& source,
              PupilWork<T>& w, Use use) {
    const std::int64_t count = w.cells_x, size = w.grid.size;
    const bool turned = x.direction != 0 || y.direction != 0;
    room_for(w.re, count);
    room_for(w.im, count);
    room_for(w.turn_re, count);
    room_for(w.turn_im, count);
    for (std::int64_t i = 0; turned && i < count; ++i) {
        const std::complex<T> turn = narrow<T>(turn_at(x, i, size));
        w.turn_re[i] = turn.real();
        w.turn_im[i] = turn.imag();
    }
    Row<T> row{count, w.re.data(), w.im.data(), w.turn_re.data(), w.turn_im.data(), {}, {}};
    for (std::int64_t i = 0; i < w.cells_y; ++i) {
        if (turned) row.turn = narrow<T>(turn_at(y, i, size));
        for (std::int64_t state = 0; state < w.view.states; ++state) {
            row.reference = reference[state];
            source.row(state, i, row.re, row.im);
            if (turned) turn_row(row);
            use(state, i, row);
        }
    }
}

// What each state has of light with the amplitude `passing`.
template <class T>
std::vector<std::complex<T>> references(std::complex<double> passing, const PupilView& view) {
    std::vector<std::complex<T>> result;
    for (std::int64_t i = 0; i < view.states; ++i) result.push_back(narrow<T>(passing * analysed(view.state[i])));
    return result;
}

}  // namespace

std::complex<double> analysed(const State& state) {
    return std::conj(state.analyser[0]) * state.jones[0] + std::conj(state.analyser[1]) * state.jones[1];
}

double empty_irradiance(const PupilView& view, const Lens& lens, bool through) {
    double sum = 0.0;
    for (std::int64_t w = 0; w < view.waves; ++w)
        sum += view.wave[w].weight *
               (through ? std::norm(pupil_at(view.pupil, lens, view.wave[w].sx, view.wave[w].sy)) : 1.0);
    return sum;
}

template <class T>
void add_intensities(const Start& x, const Start& y, RowSource<T>& source, PupilWork<T>& w) {
    const double total = w.passing > 0.0 ? w.passing : empty_irradiance(w.view, w.lens, false);
    const double weight = w.view.wave[w.number].weight / total;
    const auto add = [&](std::int64_t state, std::int64_t place, const Row<T>& row) {
        add_square(row, static_cast<T>(weight * w.view.state[state].weight), w.cells.data() + place * w.cells_x);
    };
    for_rows(x, y, references<T>(w.view.reference * w.through, w.view), source, w, add);
}

template <class T>
void write_fields(const Start& x, const Start& y, RowSource<T>& source, PupilWork<T>& w, std::complex<T>* out) {
    const std::int64_t states = w.view.states;
    const auto write = [&](std::int64_t state, std::int64_t place, const Row<T>& row) {
        write_field(row, states, reinterpret_cast<T*>(out + place * w.width * states + state));
    };
    for_rows(x, y, references<T>(w.through != 0.0 ? w.view.reference : 0.0, w.view), source, w, write);
}

#define SIMCORE_ROWS(T)                                                                      \
    template void add_intensities(const Start&, const Start&, RowSource<T>&, PupilWork<T>&); \
    template void write_fields(const Start&, const Start&, RowSource<T>&, PupilWork<T>&, std::complex<T>*);
SIMCORE_ROWS(float)
SIMCORE_ROWS(double)
#undef SIMCORE_ROWS

}  // namespace simcore
