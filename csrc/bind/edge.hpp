// The names of edges.
#pragma once

#include <stdexcept>
#include <string>

#include "../edge.hpp"

namespace simcore::bind {

inline Edge edge_named(const std::string& name) {
    if (name == "constant") return Edge::constant;
    if (name == "reflect") return Edge::reflect;
    if (name == "nearest") return Edge::nearest;
    throw std::invalid_argument("edge: must be constant, reflect or nearest");
}

}  // namespace simcore::bind
