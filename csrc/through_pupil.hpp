// Images of scatterers through a pupil of any shape and under plane waves from any direction: the scattered far field
// on a grid of directions, times the pupil, Fourier transformed.
//
// Sources: Bohren & Huffman 1983 ch. 4 (amplitudes); Novotny & Hecht, Principles of Nano-Optics, ch. 3 (angular
// spectrum, aplanatic lens); Leahy et al., Opt. Express 28, 1061 (2020).
//
//   s, s0     unit vectors of the scattered and the incident light, along z' towards the objective (particle at z' =
//   -z) k         2 pi n / wavelength; (X, Y) position in the focal plane J, q      Jones vector of the illumination
//   before the condenser, analyser; both in the plane of the image P         pupil (pupil.hpp) A, D      amplitudes
//   (far_field.hpp) a, b      angles of the plane of scattering about the axis, seen from the condenser and from the
//   objective
// An aplanatic condenser turns J into the plane across s0, the objective turns the scattered wave back:
//   M(s) = A Rotation(b - a) + D Reflection(a + b)
//   E(X, Y) = -1 / (2 pi) Int M J P(s) / P(s0) / sqrt(s_z s0_z) exp(i k ((s - s0) . (X - x, Y - y) + z (s_z - s0_z)))
//   ds_x ds_y
// relative to the empty field, which is J (in the limit of weak light behind a stop, without P(s0)). For s0 on the axis
// a = b is the azimuth.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>

#include "pupil.hpp"
#include "rng.hpp"
#include "scattering.hpp"

namespace simcore {

struct Wave {
    double sx, sy, weight;  // direction cosines in the medium
};

struct State {
    std::complex<double> jones[2], analyser[2];
    double weight;
};

struct ParticleList {
    std::int64_t count;
    const double *x, *y, *z, *phase;  // pixels, pixels, micrometres; radians added to what it scatters
    const std::int64_t* table;        // row of the tables, or below 0: multipoles
    std::int64_t terms, angles;
    const std::complex<double>*a, *b;    // (particle, term)
    const std::complex<double>*s1, *s2;  // (row, angle), equal steps from 0 to pi

    Source source(std::int64_t i) const {
        if (table[i] < 0) return {terms, a + i * terms, b + i * terms, 0, nullptr, nullptr};
        return {0, nullptr, nullptr, angles, s1 + table[i] * angles, s2 + table[i] * angles};
    }
};

struct PupilView {
    double numerical_aperture, wavelength, pixel_size, medium_index;
    PupilFunction pupil;
    std::int64_t waves;
    const Wave* wave;
    std::int64_t states;
    const State* state;
    std::complex<double> reference;  // amplitude of the light that is not scattered; 0: it takes no part
};

// White complex noise before the pupil: standard deviation of each quadrature, for one camera pixel.
struct FieldNoise {
    double sigma = 0.0;
    PixelStream stream{};
};

struct GridLimits {
    double tolerance;
    std::int64_t largest;  // size of the grid
};

// The grid that an image asks for: its least size, 0 if nothing is to be transformed, and how many of the places along
// x are wanted.
struct GridWish {
    std::int64_t least, columns;
};

template <class T>
struct PupilWork;

// Makes images one after the other; holds the memory that they share. The transforms are the caller's:
//
//   begin_*, settle, then for each wave: fill, transform, add_intensity; at last finish_*
//
// A grid holds, for each state, `size` lines of `stride` >= size values: the light G(m_x, m_y) at the directions m from
// the incident one, m_x modulo the size within a line, the lines from the first m_y on that has light. `fill` returns
// how many lines have. What is wanted comes by transforming these lines and then the first columns, whose other lines
// are cleared, in place, both by the sum over m of G(m) exp(+2 pi i m j / size).
//
// Where the grid is small, two matrix products need no transform of the caller (single precision): if `by_products`,
// begin_*, draw_wave for each wave and finish_intensity, or draw_field.
template <class T>
class PupilImager {
  public:
    explicit PupilImager(GridLimits limits);
    PupilImager(PupilImager&&) noexcept;
    ~PupilImager();

    // What the view and the particles point to must stay until the image is finished.
    GridWish begin_intensity(const PupilView& view, const ParticleList& particles, std::int64_t height,
                             std::int64_t width);
    GridWish begin_field(const PupilView& view, const ParticleList& particles, const FieldNoise& noise,
                         std::int64_t height, std::int64_t width);

    // Takes a grid of this size; returns the estimated error of the field from what it repeats, 0 where it is padded
    // enough.
    double settle(std::int64_t size);
    std::int64_t fill(std::int64_t wave, std::int64_t stride, std::complex<T>* grid);
    void add_intensity(std::int64_t stride, const std::complex<T>* grid);

    // Whether matrix products serve the image that has begun; its grid is settled then, with the error `settle`
    // returns.
    bool by_products();
    double error() const;
    void draw_wave(std::int64_t wave);
    void draw_field(std::complex<T>* out);

    // Adds `weight` times the intensity, averaged over the pixels. Both waves are relative to the incident one as it
    // comes through the pupil, or, where the reference is 0 or stopped, as it comes to the pupil.
    void finish_intensity(double weight, T* out);

    // The field q* . E of each state under the wave filled last, averaged over the pixels: (height, width, states),
    // with the reference times q* . J added.
    void finish_field(std::int64_t stride, const std::complex<T>* grid, std::complex<T>* out);

  private:
    GridLimits limits_;
    std::unique_ptr<PupilWork<T>> work_;
};

}  // namespace simcore
