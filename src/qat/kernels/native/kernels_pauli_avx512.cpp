#ifdef __x86_64__
#define VECTOR_BYTES 64
#include "kernels_pauli.h"

namespace qat {
extern const PauliKernels<double> pauli_avx512_double;
extern const PauliKernels<float> pauli_avx512_single;
const PauliKernels<double> pauli_avx512_double = pauli_kernels_of<double>();
const PauliKernels<float> pauli_avx512_single = pauli_kernels_of<float>();
}  // namespace qat
#endif
