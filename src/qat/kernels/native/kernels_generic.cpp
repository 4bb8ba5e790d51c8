#define VECTOR_BYTES 16
#include "kernels_table.h"

namespace qat {
extern const Kernels<double> generic_double;
extern const Kernels<float> generic_single;
const Kernels<double> generic_double = table<double>("generic");
const Kernels<float> generic_single = table<float>("generic");
}  // namespace qat
