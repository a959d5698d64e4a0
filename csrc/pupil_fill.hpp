// The light of an image on its grid of directions (through_pupil.hpp), line after line.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "matrix_transform.hpp"
#include "pixels.hpp"
#include "pupil_grid.hpp"
#include "pupil_points.hpp"

namespace simcore {

// What the images that are made one after the other share: the image in hand, and memory.
template <class T>
struct PupilWork {
    PupilView view{};
    ParticleList particles{};
    FieldNoise noise;
    PixelRule rule;
    Lens lens{};
    double cap = 0.0;      // rim_cap
    double passing = 0.0;  // irradiance that comes through the pupil, intensities only
    Reach reach;
    GridNeed need;
    Grid grid;
    std::int64_t number = 0;  // the wave, its box, and what of it passes the pupil
    Box box{};
    std::complex<double> through;
    std::int64_t height = 0, width = 0, cells_x = 0, cells_y = 0;
    bool field = false;

    std::vector<AmplitudeTable<T>> tables;
    std::vector<EdgeWave> edges;
    AmplitudeScratch<T> amplitudes;
    PupilPoints<T> points;
    std::vector<T> re, im, cells, column, row, turn_re, turn_im, share_x, share_y;
    std::vector<double> uniform;
    std::vector<std::uint32_t> pixels;
    std::vector<MatrixTransform> matrices;  // one for each state

    double cell() const { return view.pixel_size / rule.division; }
};

template <class V>
void room_for(V& vector, std::int64_t count) {
    if (static_cast<std::int64_t>(vector.size()) < count) vector.resize(static_cast<std::size_t>(count));
}

// Takes lines of light: of a state, the line's number in the box, the directions low .. low + count - 1 in it.
template <class T>
struct LineSink {
    virtual ~LineSink() = default;
    virtual void line(std::int64_t state, std::int64_t row, std::int64_t low, std::int64_t count, const T* re,
                      const T* im) = 0;
};

// Gives the sink every line of the box, with or without light, one after the other for each state. Phases count from
// the place x, y (cells of the image).
template <class T>
void fill_lines(std::complex<double> scale, double x, double y, PupilWork<T>& work, LineSink<T>& sink);

}  // namespace simcore
