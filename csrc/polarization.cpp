#include "polarization.hpp"

#include <cmath>

namespace simcore {
namespace {

using Complex = std::complex<double>;
constexpr double kNothing = 1e-15;  // share of the intensity that counts as none

// The component e* . M j.
Component component(const Complex* e, const Complex* j) {
    const Complex x = std::conj(e[0]), y = std::conj(e[1]);
    return {x * j[0] + y * j[1], y * j[1] - x * j[0], -(x * j[1] + y * j[0])};
}

Components seen(const Polarization& polarization, const Complex* jones) {
    const Complex axes[2][2] = {{1.0, 0.0}, {0.0, 1.0}};
    Components seen;
    if (polarization.analyzer != nullptr) {
        seen.at[seen.count++] = component(polarization.analyzer, jones);
    } else {
        for (const Complex* axis : axes) seen.at[seen.count++] = component(axis, jones);
    }
    return seen;
}

}  // namespace

Components field_components(const Polarization& polarization) { return seen(polarization, polarization.jones); }

// |p P + c C + d D|^2 = sum over a, b of q[a][b] conj(u_a) u_b with q[a][b] = conj(e_a) e_b.
Form intensity_form(const Polarization& polarization) {
    Form form{};
    for (std::int64_t s = 0; s < polarization.states; ++s) {
        const Components parts = seen(polarization, polarization.jones + 2 * s);
        for (int m = 0; m < parts.count; ++m) {
            const Complex e[3] = {parts.at[m].p, parts.at[m].c, parts.at[m].d};
            for (int a = 0; a < 3; ++a)
                for (int b = 0; b < 3; ++b) form.q[a][b] += polarization.weight[s] * (std::conj(e[a]) * e[b]);
        }
    }
    return form;
}

Components intensity_components(const Form& form) {
    Form left = form;
    const double least = kNothing * (form.q[0][0].real() + form.q[1][1].real() + form.q[2][2].real());
    Components found;
    for (int k = 0; k < 3; ++k) {
        const double pivot = left.q[k][k].real();
        if (!(pivot > least)) continue;
        const double root = std::sqrt(pivot);
        Complex e[3] = {0.0, 0.0, 0.0};
        for (int b = k; b < 3; ++b) e[b] = left.q[k][b] / root;
        for (int a = k; a < 3; ++a)
            for (int b = k; b < 3; ++b) left.q[a][b] -= std::conj(e[a]) * e[b];
        found.at[found.count++] = {e[0], e[1], e[2]};
    }
    return found;
}

}  // namespace simcore
