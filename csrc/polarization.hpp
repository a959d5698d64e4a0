// What a detector sees of the light behind the objective, as forms in three functions.
//
// Light of the Jones vector j becomes M j, with the symmetric matrix M = [[P - C, -D], [-D, P + C]] (coherent.hpp). A
// component is p P + c C + d D. The intensity, a sum over states of polarization and over what the analyzer passes, is
// a Hermitian form in (P, C, D) of rank 3 at most, so at most three components, the first alone with P, say it all.
#pragma once

#include <complex>
#include <cstdint>

namespace simcore {

struct Polarization {
    std::int64_t states;
    const std::complex<double>* jones;     // (state, 2)
    const double* weight;                  // (state)
    const std::complex<double>* analyzer;  // 2 values, the state that passes; null: none
};

struct Component {
    std::complex<double> p, c, d;
};

struct Components {
    int count = 0;
    Component at[3];
};

// The Hermitian form: row times conjugate of column, (P, C, D).
struct Form {
    std::complex<double> q[3][3];
};
Form intensity_form(const Polarization& polarization);

// Components whose squares add up to the intensity: Cholesky's factors of the form, without those that vanish.
Components intensity_components(const Form& form);

// Ex and Ey of the first state of polarization, or what the analyzer passes of them.
Components field_components(const Polarization& polarization);

}  // namespace simcore
