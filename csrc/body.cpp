#include "body.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "elementary.hpp"
#include "lanes.hpp"

namespace simcore {
namespace {

void product(const double a[9], const double b[9], double* out) {
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) {
            double sum = 0.0;
            for (int k = 0; k < 3; ++k) sum += a[3 * i + k] * b[3 * k + j];
            out[3 * i + j] = sum;
        }
}

// R^T = R_x(-a) R_y(-b) R_z(-c).
void turn_of(const double angle[3], double* out) {
    const auto x = elementary::sincos(angle[0]), y = elementary::sincos(angle[1]), z = elementary::sincos(angle[2]);
    const double about_x[9] = {1, 0, 0, 0, x.cos, x.sin, 0, -x.sin, x.cos};
    const double about_y[9] = {y.cos, 0, -y.sin, 0, 1, 0, y.sin, 0, y.cos};
    const double about_z[9] = {z.cos, z.sin, 0, -z.sin, z.cos, 0, 0, 0, 1};
    double both[9];
    product(about_x, about_y, both);
    product(both, about_z, out);
}

// Points p + t m on a line of sight, `middle` and up to `reach` around it: how deep the deepest lies in the body (s -
// |q|, < 0: outside), and its t.
struct Deepest {
    float depth, t;
};

SIMCORE_INLINE Deepest deepest(const Outline& outline, const float (&p)[3], const float (&m)[3], float middle,
                               float reach) {
    float depth[kLanes], place[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
        const float t = middle + reach * (static_cast<float>(2 * lane + 1 - kLanes) / static_cast<float>(kLanes));
        const float x = p[0] + t * m[0], y = p[1] + t * m[1], z = p[2] + t * m[2];
        const float r = std::sqrt(x * x + y * y + z * z), inverse = 1.0f / r;
        depth[lane] = outline_at(outline, x * inverse, y * inverse, z * inverse) - r;
        place[lane] = t;
    }
    Deepest found{depth[0], place[0]};
    for (int lane = 1; lane < kLanes; ++lane)
        if (depth[lane] > found.depth) found = {depth[lane], place[lane]};
    return found;
}

// Whether any point of the line of sight q + t m lies in the body; a deformed one is looked for in two rounds.
SIMCORE_INLINE bool seen(const Body& body, const Outline& outline, const float (&q)[3], const float (&m)[3]) {
    const float mm = m[0] * m[0] + m[1] * m[1] + m[2] * m[2];
    const float nearest = body.flat ? 0.0f : -(q[0] * m[0] + q[1] * m[1] + q[2] * m[2]) / mm;
    const float p[3] = {q[0] + nearest * m[0], q[1] + nearest * m[1], q[2] + nearest * m[2]};
    const float square = p[0] * p[0] + p[1] * p[1] + p[2] * p[2];
    if (square < outline.low * outline.low) return true;
    if (!(square < outline.high * outline.high)) return false;
    const float reach = body.flat ? 0.0f : std::sqrt((outline.high * outline.high - square) / mm);
    const Deepest coarse = deepest(outline, p, m, 0.0f, reach);
    if (coarse.depth > 0.0f) return true;
    if (coarse.depth < -0.1f) return false;  // between two points of the first round it does not rise by so much
    return deepest(outline, p, m, coarse.t, reach / kLanes).depth > 0.0f;
}

SIMCORE_INLINE void silhouette_body(const Body& body, double pixel_size, std::int64_t row, std::int64_t column,
                                    std::int64_t count, unsigned char* inside) {
    const double y = static_cast<double>(row) * pixel_size - body.centre[1];
    float m[3];
    for (int i = 0; i < 3; ++i) m[i] = static_cast<float>(body.matrix[3 * i + 2]);
    const Outline outline = body.outline;  // a copy: what the stores cannot alias stays in registers
    for (std::int64_t j = 0; j < count; ++j) {
        const double x = static_cast<double>(column + j) * pixel_size - body.centre[0];
        float q[3];
        for (int i = 0; i < 3; ++i) q[i] = static_cast<float>(body.matrix[3 * i] * x + body.matrix[3 * i + 1] * y);
        inside[j] = seen(body, outline, q, m) ? 1 : 0;
    }
}

void require(bool good, const char* words, std::size_t body) {
    if (!good) throw std::invalid_argument(std::string(words) + " (body " + std::to_string(body) + ")");
}

}  // namespace

SIMCORE_DISPATCH(silhouette_row, silhouette_body,
                 (const Body& body, double pixel_size, std::int64_t row, std::int64_t column, std::int64_t count,
                  unsigned char* inside),
                 (body, pixel_size, row, column, count, inside))

Body make_body(const Bodies& bodies, std::size_t index, double pixel_size) {
    Body body;
    const double* radius = bodies.radius + 3 * index;
    body.flat = radius[2] == 0.0;
    body.centre[0] = bodies.x[index] * pixel_size;
    body.centre[1] = bodies.y[index] * pixel_size;
    body.centre[2] = bodies.z[index];
    turn_of(bodies.rotation + 3 * index, body.turn);
    for (int i = 0; i < 3; ++i) {
        body.radius[i] = radius[i];
        const double inverse = radius[i] > 0.0 ? 1.0 / radius[i] : 0.0;
        for (int j = 0; j < 3; ++j) body.matrix[3 * i + j] = body.turn[3 * i + j] * inverse;
    }
    for (int j = 0; j < 3; ++j) {
        double square = 0.0;
        for (int i = 0; i < 3; ++i) square += radius[i] * radius[i] * body.turn[3 * i + j] * body.turn[3 * i + j];
        body.extent[j] = std::sqrt(square);
    }
    body.outline = outline(pixel_stream(bodies.seed, bodies.address + 3 * index), bodies.deformation[index]);
    return body;
}

Window window(const Body& body, double pixel_size, std::size_t height, std::size_t width) {
    const auto cut = [](double value, std::size_t size) {
        return static_cast<std::int64_t>(std::min(std::max(value, 0.0), static_cast<double>(size)));
    };
    const double y = body.centre[1] / pixel_size, x = body.centre[0] / pixel_size;
    const double dy = static_cast<double>(body.outline.high) * body.extent[1] / pixel_size + 1.0;
    const double dx = static_cast<double>(body.outline.high) * body.extent[0] / pixel_size + 1.0;
    return {cut(std::floor(y - dy), height), cut(std::ceil(y + dy) + 1.0, height), cut(std::floor(x - dx), width),
            cut(std::ceil(x + dx) + 1.0, width)};
}

void check_bodies(const Bodies& bodies, std::size_t images, std::size_t count) {
    bool rising = bodies.first[0] == 0 && bodies.first[images] == static_cast<std::int64_t>(count);
    for (std::size_t i = 0; i < images; ++i) rising = rising && bodies.first[i] <= bodies.first[i + 1];
    if (!rising) throw std::invalid_argument("first: must rise from 0 to the number of bodies");
    for (std::size_t i = 0; i < count; ++i) {
        const double* radius = bodies.radius + 3 * i;
        const double* angle = bodies.rotation + 3 * i;
        require(std::isfinite(bodies.x[i]) && std::isfinite(bodies.y[i]) && std::isfinite(bodies.z[i]),
                "x, y, z: must be finite", i);
        for (int j = 0; j < 3; ++j) {
            require(std::isfinite(radius[j]) && (radius[j] > 0.0 || (j == 2 && radius[j] == 0.0)),
                    "radius: must be > 0 and finite, along z >= 0", i);
            require(std::abs(angle[j]) <= 1e12, "rotation: must be within 1e12 rad", i);
        }
        require(radius[2] > 0.0 || (angle[0] == 0.0 && angle[1] == 0.0), "rotation: a disc can only be turned about z",
                i);
        require(bodies.deformation[i] >= 0.0 && bodies.deformation[i] <= 0.3, "deformation: must be in [0, 0.3]", i);
        require(bodies.texture[i] >= 0.0 && std::isfinite(bodies.texture[i]), "texture: must be >= 0 and finite", i);
        require(bodies.texture_scale[i] > 0.0 && std::isfinite(bodies.texture_scale[i]),
                "texture_scale: must be > 0 and finite", i);
    }
}

void outlines(const Bodies& bodies, std::size_t count, const double* direction, std::size_t directions, double* out) {
    for (std::size_t i = 0; i < count; ++i) {
        const Outline shape = outline(pixel_stream(bodies.seed, bodies.address + 3 * i), bodies.deformation[i]);
        for (std::size_t j = 0; j < directions; ++j) {
            const double* u = direction + 3 * (i * directions + j);
            out[i * directions + j] = static_cast<double>(
                outline_at(shape, static_cast<float>(u[0]), static_cast<float>(u[1]), static_cast<float>(u[2])));
        }
    }
}

}  // namespace simcore
