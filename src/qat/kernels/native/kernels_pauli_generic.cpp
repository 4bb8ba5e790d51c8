#define VECTOR_BYTES 16
#include "kernels_pauli.h"

namespace qat {
extern const PauliKernels<double> pauli_generic_double;
extern const PauliKernels<float> pauli_generic_single;
const PauliKernels<double> pauli_generic_double = pauli_kernels_of<double>();
const PauliKernels<float> pauli_generic_single = pauli_kernels_of<float>();
}  // namespace qat
