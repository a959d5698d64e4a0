// A body seen along z: of each column of it the middle of the chord and the square of its half length.
//
// Along the line of sight q = p + t m (body.hpp; t = z - centre), s^2 of the surface is taken as a straight line through
// its values where the line of sight meets the surface, which makes a quadratic equation of |q|^2 = s^2; its
// coefficients converge in a few rounds. Middle and square are smooth across the rim, where the square changes its
// sign, so that they can be interpolated: nodes a part of the radius apart, cubics between them. A round body needs no
// nodes. A line of sight that leaves a dented body and meets it again is taken to stay inside. Discs have no chord:
// `square` is then s^2 - |q|^2.
#pragma once

#include <cstdint>
#include <vector>

#include "body.hpp"

namespace simcore {

// Columns of a square grid, `side` um apart; column (0, 0) is at left, top (um).
struct Columns {
    double side, left, top;
};

struct Row {
    std::vector<float> square, across, down, middle;  // um^2, its slopes per column, um from the body's centre
};

class Surface {
  public:
    // Columns x0 .. x1, y0 .. y1; `spacing`: of nodes, relative to the radius.
    Surface(const Body& body, const Columns& columns, std::int64_t x0, std::int64_t x1, std::int64_t y0,
            std::int64_t y1, double spacing);

    void row(std::int64_t y, Row& to) const;

  private:
    void fill_nodes();
    void round_row(double y, Row& to) const;

    const Body& body_;
    Columns columns_;
    std::int64_t x0_, x1_, y0_, y1_;
    bool round_;
    std::int64_t stride_ = 1, nodes_x_ = 0, nodes_y_ = 0;  // columns from node to node
    std::vector<float> square_, middle_;
};

}  // namespace simcore
