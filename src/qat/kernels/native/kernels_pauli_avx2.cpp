#ifdef __x86_64__
#define VECTOR_BYTES 32
#include "kernels_pauli.h"

namespace qat {
extern const PauliKernels<double> pauli_avx2_double;
extern const PauliKernels<float> pauli_avx2_single;
const PauliKernels<double> pauli_avx2_double = pauli_kernels_of<double>();
const PauliKernels<float> pauli_avx2_single = pauli_kernels_of<float>();
}  // namespace qat
#endif
