// Which kernels this machine runs: the widest instruction set it has, unless told otherwise.
#pragma once
#include <string>
#include <vector>

#include "instructions.h"

namespace qat {

// Names of the usable instruction sets, widest first; "generic" is always the last.
std::vector<std::string> instruction_sets();

// Uses this one from now on; "" stands for the widest. Throws std::invalid_argument for others than the usable ones.
void select_instruction_set(const std::string& name);

// The name in use.
std::string instruction_set();

template <class Real>
const Kernels<Real>& kernels();

}  // namespace qat
