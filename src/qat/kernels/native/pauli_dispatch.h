// The Pauli kernels of the instruction set in use (dispatch.h).
#pragma once
#include "pauli_table.h"

namespace qat {

template <class Real>
const PauliKernels<Real>& pauli_kernels();

}  // namespace qat
