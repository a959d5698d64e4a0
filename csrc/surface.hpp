// A body seen along z: of each column of it the middle of the chord and the square of its half length.
//
// Along a line of sight q = p + t m (body.hpp) the body is where s^2(q / |q|) > |q|^2. s^2 is smooth, so it is looked
// up on a lattice, a part of the radius apart across the lines of sight and in some places along them, and
// interpolated: by cubics across, by parabolas along. The uppermost and the lowest crossing end the chord: dents that a
// line of sight leaves and enters again are filled. Where nothing is met, the greatest s^2 - |q|^2 goes on to tell the
// distance from the rim: square and middle are smooth across it, where the square changes its sign. So the crossings
// are looked for at nodes, closer than the lattice, and interpolated by cubics. A round body needs neither. Discs have
// no chord: `square` is then s^2 - |q|^2.
#pragma once

#include <cstdint>
#include <vector>

#include "body.hpp"

namespace simcore {

// Columns of a square grid, `side` um apart; column (0, 0) is at left, top (um).
struct Columns {
    double side, left, top;
};

// One row of columns: um^2, um from the body's centre.
struct Profile {
    std::vector<float> square, middle;
};

class Surface {
  public:
    // Columns x0 .. x1 - 1 and y0 .. y1 - 1.
    Surface(const Body& body, const Columns& columns, std::int64_t x0, std::int64_t x1, std::int64_t y0,
            std::int64_t y1);

    // Columns x0 - 1 .. x1 of row y, which may be y0 - 1 .. y1; with room for a few more.
    void profile(std::int64_t y, Profile& to) const;

  private:
    void look_up_lattice(std::int64_t nodes_y);
    void find_nodes();
    void irregular(std::int64_t y, Profile& to) const;

    // Of |p|^2 at the point of the line of sight that is nearest to the centre, and of that point's t.
    struct Form {
        double xx, xy, yy, mx, my;
    };

    const Body& body_;
    Columns columns_;
    std::int64_t x0_, x1_, y0_, y1_;
    bool round_;
    Form form_;
    double along_ = 0.0;                                   // |m|
    std::int64_t stride_ = 1, nodes_x_ = 0, nodes_y_ = 0;  // columns from node to node; nodes
    std::int64_t depths_ = 1, across_ = 0;                 // of the lattice
    std::vector<float> lattice_, square_, middle_;         // s^2, (y, depth, x); of the nodes, (y, x)
};

}  // namespace simcore
