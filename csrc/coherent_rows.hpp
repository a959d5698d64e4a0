// Rows of cells of a coherent image, and pixels from them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "coherent_setup.hpp"
#include "sphere_rows.hpp"

namespace simcore {

constexpr std::int64_t kBand = 16;  // rows of a tile of kTile columns: what it needs lies in the nearest memory

// Calls band(first row of cells, number of rows, where to, values between planes) for all rows of cells in turn and
// averages them into pixels, which are kept at line(y), one plane after the other: then give(y, plane) is called.
template <class T, class Band, class Line, class Give>
void draw_rows(const CoherentSetup& setup, std::int64_t planes, CoherentScratch<T>& s, Band band, Line line,
               Give give) {
    const std::int64_t needed = s.rule.division + 2 * s.rule.reach, most = needed + 4 * kBand;
    const std::int64_t apart = most * setup.cells, last = s.rule.cells(setup.height);
    s.rows.resize(static_cast<std::size_t>(planes * apart));
    s.column.resize(static_cast<std::size_t>(setup.cells));
    std::int64_t begin = 0, filled = 0, cell = 0;
    for (std::int64_t y = 0; y < setup.height; ++y, begin += s.rule.division) {
        while (filled < begin + needed) {
            if (filled + kBand > most) {
                for (std::int64_t plane = 0; plane < planes; ++plane) {
                    T* rows = s.rows.data() + plane * apart;
                    std::copy(rows + begin * setup.cells, rows + filled * setup.cells, rows);
                }
                filled -= begin;
                begin = 0;
            }
            const std::int64_t count = std::min(kBand, last - cell);
            band(cell, count, s.rows.data() + filled * setup.cells, apart);
            filled += count;
            cell += count;
        }
        for (std::int64_t plane = 0; plane < planes; ++plane) {
            integrate_row(s.rule, s.rows.data() + plane * apart + begin * setup.cells, setup.cells, s.column.data(),
                          setup.width, line(y));
            give(y, plane);
        }
    }
}

// Distances along x of evenly spaced cells from a particle, in units of the radial step.
template <class T>
void columns(const CoherentSetup& setup, std::int64_t at, std::int64_t cells, double first, double step,
             CoherentScratch<T>& s) {
    if (setup.plain) {
        for (std::int64_t i = 0; i < cells; ++i)
            s.plain_dx[at + i] = static_cast<float>(first + static_cast<double>(i) * step);
    } else {
        for (std::int64_t i = 0; i < cells; ++i) s.dx[at + i] = first + static_cast<double>(i) * step;
    }
}

template <class T>
void size_columns(const CoherentSetup& setup, std::int64_t count, CoherentScratch<T>& s) {
    if (setup.plain) {
        s.plain_dx.resize(static_cast<std::size_t>(count));
    } else {
        s.dx.resize(static_cast<std::size_t>(count));
    }
}

template <class T>
void refine_fields(const Light& light, double tolerance, const CoherentSetup& setup, CoherentScratch<T>& s) {
    s.refinement = refinement(setup.frequency * light.pixel_size / s.rule.division, 0.05 * tolerance);
}

// Margin in pixels of the coarse rows around the cells.
template <class T>
double margin(const CoherentScratch<T>& s) {
    return static_cast<double>(s.refinement.factor * (s.refinement.taps + 1)) / s.rule.division;
}

// The fields of many particles on coarse rows, refined to rows of cells when they are asked for, in turn.
template <class T>
class FieldRows {
  public:
    FieldRows(RadialTables& tables, const Light& light, const Particles& particles, const CoherentSetup& setup,
              const Components& components, bool squared, CoherentScratch<T>& s)
        : light_(light), p_(particles), setup_(setup), components_(components), s_(s), r_(s.refinement) {
        coarse_ = r_.coarse(setup.cells);
        phase_length_ = r_.phase_length(setup.cells);
        length_ = r_.length(setup.cells);
        planes_ = 2 * components.count;
        row_size_ = planes_ * length_;
        kept_ = r_.taps + kBand;
        height_ = r_.coarse(s.rule.cells(setup.height));
        make_tables(tables, light, particles, setup, s);
        for (std::int64_t i = 0; i < p_.count; ++i)
            scale_.push_back(setup.frequency * light.pixel_size / s.fields.step[i * light.wavelengths]);
        padded_ = (coarse_ + kSide - 1) / kSide * kSide;
        size_columns(setup, padded_ * p_.count, s);
        for (std::int64_t i = 0; i < p_.count; ++i)
            columns(setup, i * padded_, padded_, (position(0) - p_.x[i]) * scale_[i], step() * scale_[i], s);
        s.sums.resize(static_cast<std::size_t>(6 * kTile * kBand * light.wavelengths));
        s.quiet.resize(static_cast<std::size_t>(kBand * light.wavelengths * components.count));
        s.ring_quiet.assign(static_cast<std::size_t>(kept_ * light.wavelengths * components.count), 0);
        s.coarse.assign(static_cast<std::size_t>(kBand * light.wavelengths * planes_ * (phase_length_ + 32)), T(0));
        s.ring.resize(static_cast<std::size_t>(kept_ * light.wavelengths * row_size_));
        s.phases.resize(static_cast<std::size_t>(std::max(row_size_, length_)));
        s.row_pointers.resize(static_cast<std::size_t>(r_.taps * light.wavelengths));
        heard_.resize(static_cast<std::size_t>(light.wavelengths));
        (setup.plain ? plain_dy_.resize(kBand * p_.count) : dy_.resize(kBand * p_.count));
        s.weight.assign(r_.weight.begin(), r_.weight.end());
        fill_constants(squared);
    }

    // Intensity of a row of cells.
    void squares(std::int64_t cell, T* to) {
        for (std::int64_t q = 0; q < light_.wavelengths; ++q) sum_squares(at(cell, q), q > 0, s_.phases.data());
        interleave(r_, setup_.cells, s_.phases.data(), to);
    }

    // Components of a row of cells, `apart` values one after the other.
    void planes(std::int64_t cell, std::int64_t apart, T* to) {
        sum_planes(at(cell, 0), s_.phases.data());
        for (std::int64_t plane = 0; plane < planes_; ++plane)
            interleave(r_, setup_.cells, s_.phases.data() + plane * length_, to + plane * apart);
    }

  private:
    double step() const { return static_cast<double>(r_.factor) / s_.rule.division; }
    double position(std::int64_t coarse) const {
        return s_.rule.position(0) + static_cast<double>(coarse - r_.lead()) * step();
    }

    // The reference wave in each component; weights of the intensity as factors of the amplitude.
    void fill_constants(bool squared) {
        s_.constant.clear();
        factors_.clear();
        for (std::int64_t q = 0; q < light_.wavelengths; ++q) {
            const double root = squared ? std::sqrt(light_.weight[q]) : 1.0;
            for (int m = 0; m < components_.count; ++m) {
                const Component& e = components_.at[m];
                const std::complex<double> constant = root * (e.p * reference(light_, q));
                s_.constant.push_back(static_cast<T>(constant.real()));
                s_.constant.push_back(static_cast<T>(constant.imag()));
                for (const std::complex<double>& part : {-e.p, e.c, e.d}) {
                    factors_.push_back(root * part.real());
                    factors_.push_back(root * part.imag());
                }
            }
        }
    }

    T* ring(std::int64_t coarse, std::int64_t q) {
        return s_.ring.data() + (coarse % kept_ * light_.wavelengths + q) * row_size_;
    }

    // The next band of rows, tile by tile: what a tile needs of the particles' pieces stays in the nearest memory.
    void next_band() {
        const std::int64_t rows = std::min(kBand, height_ - ready_);
        std::fill(s_.quiet.begin(), s_.quiet.end(), 1);
        place_rows(rows);
        for (std::int64_t first = 0; first < padded_; first += kTile)
            draw_tile(rows, first, std::min(kTile, padded_ - first));
        for (std::int64_t row = 0; row < rows; ++row, ++ready_)
            for (std::int64_t q = 0; q < light_.wavelengths; ++q)
                for (int m = 0; m < components_.count; ++m) refine_component(row, q, m);
    }

    // Distances along y of a band's rows from every particle.
    void place_rows(std::int64_t rows) {
        for (std::int64_t i = 0; i < p_.count; ++i)
            for (std::int64_t row = 0; row < rows; ++row) {
                const double dy = (position(ready_ + row) - p_.y[i]) * scale_[i];
                if (setup_.plain) {
                    plain_dy_[i * kBand + row] = static_cast<float>(dy);
                } else {
                    dy_[i * kBand + row] = dy;
                }
            }
    }

    // A component that is quiet all along a row is left out of it.
    void refine_component(std::int64_t row, std::int64_t q, int m) {
        T* to = ring(ready_, q) + 2 * m * length_;
        char& left_out = ring_quiet(ready_, q, m);
        if (s_.quiet[place(row, q, m)]) {
            if (!left_out) std::fill(to, to + 2 * length_, T(0));
            left_out = 1;
            return;
        }
        left_out = 0;
        for (std::int64_t plane = 0; plane < 2; ++plane)
            refine_row(r_, phase_length_, coarse_row(row, q, 2 * m + plane), to + plane * length_);
    }

    std::int64_t place(std::int64_t row, std::int64_t q, int m) const {
        return (row * light_.wavelengths + q) * components_.count + m;
    }
    char& ring_quiet(std::int64_t coarse, std::int64_t q, int m) { return s_.ring_quiet[place(coarse % kept_, q, m)]; }

    void draw_tile(std::int64_t rows, std::int64_t first, std::int64_t cells) {
        if constexpr (std::is_same_v<T, float>) {
            if (setup_.plain) return draw_tile(rows, first, cells, s_.plain_dx.data(), plain_dy_.data());
        }
        draw_tile(rows, first, cells, s_.dx.data(), dy_.data());
    }

    // Square of the least distance of a tile's cells.
    template <class G>
    static double nearest_square(const TileGeometry<G>& tile) {
        const auto nearest = [](const G* at, std::int64_t count) {
            const double first = static_cast<double>(at[0]), last = static_cast<double>(at[count - 1]);
            return first > 0.0 ? first : last < 0.0 ? -last : 0.0;
        };
        const double dx = nearest(tile.dx, tile.cells), dy = nearest(tile.dy, tile.rows);
        return dx * dx + dy * dy;
    }

    template <class G>
    void draw_tile(std::int64_t rows, std::int64_t first, std::int64_t cells, const G* dx, const G* dy) {
        const std::int64_t waves = light_.wavelengths;
        bool turning = false;
        std::fill(s_.sums.begin(), s_.sums.end(), T(0));
        for (std::int64_t i = 0; i < p_.count; ++i) {
            const TileGeometry<G> tile{rows, cells, dx + i * padded_ + first, dy + i * kBand};
            const FieldPieces<T>* pieces = s_.fields.pieces.data() + i * waves;
            const double square = nearest_square(tile);
            bool seen = false;
            for (std::int64_t q = 0; q < waves; ++q) {
                const double even = pieces[q].radius(pieces[q].even), odd = pieces[q].radius(pieces[q].odd);
                seen |= square < even * even;
                turning |= square < odd * odd;
            }
            if (seen) add_field(tile, waves, pieces, s_.sums.data());
        }
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::int64_t q = 0; q < waves; ++q)
                for (int m = 0; m < components_.count; ++m) combine_tile(row, q, m, first, cells, turning);
    }

    void combine_tile(std::int64_t row, std::int64_t q, int m, std::int64_t first, std::int64_t cells, bool turning) {
        const std::int64_t component = q * components_.count + m;
        const T largest = combine(cells, turning, s_.sums.data() + 6 * kTile * (row * light_.wavelengths + q),
                                  factors_.data() + 6 * component, coarse_row(row, q, 2 * m) + first,
                                  coarse_row(row, q, 2 * m + 1) + first);
        const bool alone = s_.constant[2 * component] == T(0) && s_.constant[2 * component + 1] == T(0);
        if (!(alone && static_cast<double>(largest) < setup_.quiet)) s_.quiet[place(row, q, m)] = 0;
    }

    T* coarse_row(std::int64_t row, std::int64_t q, std::int64_t plane) {
        return s_.coarse.data() + ((row * light_.wavelengths + q) * planes_ + plane) * (phase_length_ + 32);
    }

    // The sum that makes a row of cells of the ring's rows.
    RowSum<T> at(std::int64_t cell, std::int64_t q) {
        const std::int64_t first = cell / r_.factor, phase = cell % r_.factor;
        while (ready_ < first + r_.taps) next_band();
        if (first != pointed_) point(first);
        const bool exact = phase == 0;
        const std::int64_t begin = q * r_.taps + (exact ? r_.lead() : 0);
        return {exact ? 1 : r_.taps,
                s_.row_pointers.data() + begin,
                s_.weight.data() + phase * r_.taps + (exact ? r_.lead() : 0),
                heard_[q],
                length_,
                s_.constant.data() + 2 * components_.count * q};
    }

    // The ring's rows from a coarse row on, and up to which component they are heard.
    void point(std::int64_t first) {
        pointed_ = first;
        for (std::int64_t q = 0; q < light_.wavelengths; ++q) {
            heard_[q] = 1;
            for (int k = 0; k < r_.taps; ++k) {
                s_.row_pointers[q * r_.taps + k] = ring(first + k, q);
                for (int m = heard_[q]; m < components_.count; ++m)
                    if (!ring_quiet(first + k, q, m)) heard_[q] = m + 1;
            }
        }
    }

    const Light& light_;
    const Particles& p_;
    const CoherentSetup& setup_;
    const Components& components_;
    CoherentScratch<T>& s_;
    const Refinement& r_;
    std::int64_t coarse_, padded_, height_, phase_length_, length_, planes_, row_size_, kept_, ready_ = 0,
                                                                                               pointed_ = -1;
    std::vector<int> heard_;
    std::vector<double> factors_, scale_;  // scale: of a pixel, in intervals of each particle
    std::vector<double> dy_;
    std::vector<float> plain_dy_;
};

}  // namespace simcore
