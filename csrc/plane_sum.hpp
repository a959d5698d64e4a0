// The planes of a volume that emits, each times its transfer function, added up to an image.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "cell_aliases.hpp"
#include "emission_volume.hpp"

namespace simcore {

// How many aliases on each side of a frequency the transfer functions let pass, at least 1.
std::int64_t alias_count(const std::vector<TransferTable>& tables);

// Spectra of the planes of cells, each (height, width / 2 + 1), as a real transform of (height, width) gives them,
// times their transfer functions, added up over the planes and the tables; into the spectrum of the pixels, division x
// division cells each: sum (height / division, width / division / 2 + 1). `aliases`: those of height x width cells, at
// least alias_count of them on each side.
void add_planes(const std::vector<TransferTable>& tables, const CellAliases& aliases,
                const std::vector<const std::complex<float>*>& spectra, std::int64_t division,
                std::complex<float>* sum);

}  // namespace simcore
