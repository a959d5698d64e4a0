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

constexpr std::int64_t kBand = 8, kTile = 64;  // rows and columns of a tile: what it needs lies in the nearest memory

// Calls band(first row of cells, number of rows, where to, values between planes) for all rows of cells in turn and
// averages them into pixels: give(y, plane, pixels).
template <class T, class Band, class Give>
void draw_rows(const CoherentSetup& setup, std::int64_t planes, CoherentScratch<T>& s, Band band, Give give) {
    const std::int64_t needed = s.rule.division + 2 * s.rule.reach, most = needed + 4 * kBand;
    const std::int64_t apart = most * setup.cells, last = s.rule.cells(setup.height);
    s.rows.resize(static_cast<std::size_t>(planes * apart));
    s.column.resize(static_cast<std::size_t>(setup.cells));
    s.line.resize(static_cast<std::size_t>(setup.width));
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
                          setup.width, s.line.data());
            give(y, plane, s.line.data());
        }
    }
}

template <class T>
RowScratch<T> row_scratch(std::int64_t cells, CoherentScratch<T>& s) {
    const std::size_t count = static_cast<std::size_t>(cells);
    s.base.resize(count);
    s.fraction.resize(count);
    s.cosine.resize(count);
    s.sine.resize(count);
    s.values.resize(4 * count);
    return {s.base.data(), s.fraction.data(), s.cosine.data(), s.sine.data(), s.values.data()};
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
void locate(const CoherentSetup& setup, std::int64_t at, std::int64_t cells, double dy, const RowScratch<T>& scratch,
            const CoherentScratch<T>& s) {
    if constexpr (std::is_same_v<T, float>) {
        if (setup.plain) {
            locate_row(RowGeometry<float>{cells, s.plain_dx.data() + at, static_cast<float>(dy)}, scratch);
            return;
        }
    }
    locate_row(RowGeometry<double>{cells, s.dx.data() + at, dy}, scratch);
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
        fill_pieces(tables);
        const double scale = light.pixel_size / setup.spacing;
        size_columns(setup, coarse_ * p_.count, s);
        for (std::int64_t i = 0; i < p_.count; ++i)
            columns(setup, i * coarse_, coarse_, (position(0) - p_.x[i]) * scale, step() * scale, s);
        s.sums.resize(static_cast<std::size_t>(6 * kTile * kBand * light.wavelengths));
        s.coarse.assign(static_cast<std::size_t>(kBand * light.wavelengths * planes_ * (phase_length_ + 32)), T(0));
        s.ring.resize(static_cast<std::size_t>(kept_ * light.wavelengths * row_size_));
        s.phases.resize(static_cast<std::size_t>(std::max(row_size_, length_)));
        s.row_pointers.resize(static_cast<std::size_t>(r_.taps));
        scratch_ = row_scratch(kTile, s);
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

    void fill_pieces(RadialTables& tables) {
        const std::int64_t fields = p_.count * light_.wavelengths;
        s_.piece.resize(static_cast<std::size_t>(fields));
        std::int64_t size = 0;
        for (std::int64_t f = 0; f < fields; ++f) {
            s_.piece[f] = size;
            size += 16 * s_.intervals[f / light_.wavelengths];
        }
        s_.pieces.resize(static_cast<std::size_t>(size));
        pieces_ = s_.pieces.data();
        for (std::int64_t first = 0; first < fields; first += kFields) {
            const std::int64_t here = std::min(kFields, fields - first);
            profiles(tables, light_, p_, setup_, first, here, s_);
            for (std::int64_t f = 0; f < here; ++f)
                cubic_pieces(4, s_.intervals[(first + f) / light_.wavelengths] + kBefore + kAfter,
                             s_.quads.data() + f * setup_.stride, pieces_ + s_.piece[first + f]);
        }
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
        for (std::int64_t first = 0; first < coarse_; first += kTile)
            draw_tile(rows, first, std::min(kTile, coarse_ - first));
        for (std::int64_t row = 0; row < rows; ++row, ++ready_)
            for (std::int64_t q = 0; q < light_.wavelengths; ++q)
                for (std::int64_t plane = 0; plane < planes_; ++plane)
                    refine_row(r_, phase_length_, coarse_row(row, q, plane), ring(ready_, q) + plane * length_);
    }

    void draw_tile(std::int64_t rows, std::int64_t first, std::int64_t cells) {
        const std::int64_t waves = light_.wavelengths, apart = 6 * kTile;
        const double scale = light_.pixel_size / setup_.spacing;
        std::fill(s_.sums.begin(), s_.sums.end(), T(0));
        for (std::int64_t i = 0; i < p_.count; ++i) {
            for (std::int64_t row = 0; row < rows; ++row) {
                locate(setup_, i * coarse_ + first, cells, (position(ready_ + row) - p_.y[i]) * scale, scratch_, s_);
                for (std::int64_t q = 0; q < waves; ++q)
                    add_field(cells, scratch_, pieces_ + s_.piece[i * waves + q],
                              s_.sums.data() + (row * waves + q) * apart);
            }
        }
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::int64_t q = 0; q < waves; ++q)
                for (std::int64_t m = 0; m < planes_ / 2; ++m)
                    combine(cells, s_.sums.data() + (row * waves + q) * apart,
                            factors_.data() + 6 * (q * planes_ / 2 + m), coarse_row(row, q, 2 * m) + first,
                            coarse_row(row, q, 2 * m + 1) + first);
    }

    T* coarse_row(std::int64_t row, std::int64_t q, std::int64_t plane) {
        return s_.coarse.data() + ((row * light_.wavelengths + q) * planes_ + plane) * (phase_length_ + 32);
    }

    // The sum that makes a row of cells of the ring's rows.
    RowSum<T> at(std::int64_t cell, std::int64_t q) {
        const std::int64_t first = cell / r_.factor, phase = cell % r_.factor;
        while (ready_ < first + r_.taps) next_band();
        const bool exact = phase == 0;
        const int taps = exact ? 1 : r_.taps;
        s_.weight.resize(static_cast<std::size_t>(r_.taps));
        for (int k = 0; k < taps; ++k) {
            s_.row_pointers[k] = ring(first + (exact ? r_.lead() : k), q);
            s_.weight[k] = exact ? T(1) : static_cast<T>(r_.weight[phase * r_.taps + k]);
        }
        return {taps,
                s_.row_pointers.data(),
                s_.weight.data(),
                components_.count,
                length_,
                s_.constant.data() + 2 * components_.count * q};
    }

    const Light& light_;
    const Particles& p_;
    const CoherentSetup& setup_;
    const Components& components_;
    CoherentScratch<T>& s_;
    const Refinement& r_;
    std::int64_t coarse_, height_, phase_length_, length_, planes_, row_size_, kept_, ready_ = 0;
    T* pieces_ = nullptr;
    RowScratch<T> scratch_;
    std::vector<double> factors_;
};

}  // namespace simcore
