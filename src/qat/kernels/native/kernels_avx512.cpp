#ifdef __x86_64__
#define VECTOR_BYTES 64
#include "kernels_table.h"

namespace qat {
extern const Kernels<double> avx512_double;
extern const Kernels<float> avx512_single;
const Kernels<double> avx512_double = table<double>("avx512");
const Kernels<float> avx512_single = table<float>("avx512");
}  // namespace qat
#endif
