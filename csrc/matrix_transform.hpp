// The Fourier transform of a small grid by two matrix products: only the directions that have light, only the places
// that are wanted, any period.
//
// Source: Soummer et al., Opt. Express 15, 15935 (2007). Both axes are folded about their middle first: the even part
// of the light goes with cosines, the odd part with sines, each on half of the directions and half of the places, which
// leaves a quarter of the products. Sums run in the order of the directions, so every instruction level gives the same
// bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace simcore {

class MatrixTransform {
  public:
    // One axis: directions m and places j count from the middle of their rows, in halves where their number is even;
    // the sum has the factor exp(+2 pi i m j / period).
    struct Axis {
        std::int64_t directions = 0, places = 0, period = 1;
        bool operator==(const Axis& other) const {
            return directions == other.directions && places == other.places && period == other.period;
        }
    };

    // Makes room for a grid, every line of which is then to be put.
    void start(const Axis& x, const Axis& y);

    // Puts a line (m_y) with light at the directions low .. low + count - 1.
    void put(std::int64_t line, std::int64_t low, std::int64_t count, const float* re, const float* im);

    void run();

    // One row of places of what `run` has made, x to the right.
    void row(std::int64_t y, float* re, float* im) const;

    // Multiplications for a grid, in units of those of one direction and place.
    static double work(const Axis& x, const Axis& y);

  private:
    // Cosines and sines (direction, place) of one half; rows of `room` values, of which those beyond the places are not
    // used.
    struct Waves {
        Axis axis;
        std::int64_t directions = 0, places = 0, room = 0;
        std::vector<float> cosine, sine;

        explicit Waves(const Axis& asked);
    };

    std::vector<std::shared_ptr<const Waves>> known_;  // the latest at the end
    std::shared_ptr<const Waves> x_, y_;
    std::int64_t room_ = 0;             // of a line of light
    std::int64_t segment_room_ = 0;     // of four halves of a row of places
    std::vector<float> re_, im_;        // light (line, direction)
    std::vector<std::int64_t> used_;    // directions from the middle on that have light, of each line
    std::vector<float> even_, odd_;     // along x, four rows for each pair of lines: even along y, odd along y
    std::vector<float> cosine_, sine_;  // products with the cosines and the sines along x, and at last along y
    std::vector<float> above_, below_;  // light at places along x, even and odd along y

    std::shared_ptr<const Waves> waves_of(const Axis& axis);
    void fold(std::int64_t pair);
    void join(std::int64_t pair);
};

}  // namespace simcore
