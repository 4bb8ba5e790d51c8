#include "dispatch.h"

#include <atomic>
#include <stdexcept>

namespace qat {

extern const Kernels<double> generic_double;
extern const Kernels<float> generic_single;
#ifdef __x86_64__
extern const Kernels<double> avx512_double, avx2_double;
extern const Kernels<float> avx512_single, avx2_single;
#endif

namespace {

struct Set {
    const Kernels<double>* in_double;
    const Kernels<float>* in_single;
};

std::vector<Set> usable_sets() {
    std::vector<Set> sets;
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd"))
        sets.push_back({&avx512_double, &avx512_single});
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
        sets.push_back({&avx2_double, &avx2_single});
#endif
    sets.push_back({&generic_double, &generic_single});
    return sets;
}

const std::vector<Set>& sets() {
    static const std::vector<Set> usable = usable_sets();
    return usable;
}

std::atomic<std::size_t> selected{0};

}  // namespace

std::vector<std::string> instruction_sets() {
    std::vector<std::string> names;
    for (const Set& set : sets()) names.push_back(set.in_double->name);
    return names;
}

void select_instruction_set(const std::string& name) {
    const std::vector<std::string> names = instruction_sets();
    for (std::size_t i = 0; i < names.size(); ++i)
        if (name.empty() || names[i] == name) {
            selected = i;
            return;
        }
    std::string known;
    for (const std::string& each : names) known += (known.empty() ? "" : ", ") + each;
    throw std::invalid_argument("This machine does not run instruction set '" + name + "'; it runs: " + known);
}

std::string instruction_set() { return sets()[selected].in_double->name; }

template <>
const Kernels<double>& kernels<double>() {
    return *sets()[selected].in_double;
}
template <>
const Kernels<float>& kernels<float>() {
    return *sets()[selected].in_single;
}

}  // namespace qat
