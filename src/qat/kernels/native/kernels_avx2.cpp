#ifdef __x86_64__
#define VECTOR_BYTES 32
#include "kernels_table.h"

namespace qat {
extern const Kernels<double> avx2_double;
extern const Kernels<float> avx2_single;
const Kernels<double> avx2_double = table<double>("avx2");
const Kernels<float> avx2_single = table<float>("avx2");
}  // namespace qat
#endif
