#include "pauli_dispatch.h"

#include "dispatch.h"

namespace qat {

extern const PauliKernels<double> pauli_generic_double;
extern const PauliKernels<float> pauli_generic_single;
#ifdef __x86_64__
extern const PauliKernels<double> pauli_avx512_double, pauli_avx2_double;
extern const PauliKernels<float> pauli_avx512_single, pauli_avx2_single;
#endif

template <>
const PauliKernels<double>& pauli_kernels<double>() {
#ifdef __x86_64__
    const std::string name = instruction_set();
    if (name == "avx512") return pauli_avx512_double;
    if (name == "avx2") return pauli_avx2_double;
#endif
    return pauli_generic_double;
}

template <>
const PauliKernels<float>& pauli_kernels<float>() {
#ifdef __x86_64__
    const std::string name = instruction_set();
    if (name == "avx512") return pauli_avx512_single;
    if (name == "avx2") return pauli_avx2_single;
#endif
    return pauli_generic_single;
}

}  // namespace qat
