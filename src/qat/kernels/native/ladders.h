// Ladders found in circuits: Clifford gates, a turn, and the same Clifford gates undone.
//
// Circuits of chemistry and of Trotter formulas write a rotation exp(-i angle/2 P) about a Pauli string as changes of
// basis, CNOTs up to one qubit, a turn about Z of it, and all of that backwards. When a gate comes whose inverse stands
// right before a turn, both are dropped and the turn is about another string: g^-1 exp(-i angle/2 P) g is
// exp(-i angle/2 g^-1 P g). "Right before" is meant on each qubit, so the order of gates on different qubits is free.
// RX and RY by a quarter turn are Clifford gates too, which depends on the values of the parameters.
// Cost: O(1) for each gate.
#pragma once
#include <map>
#include <vector>

#include "pauli_frame.h"
#include "program.h"

namespace qat {

// The gates of a program with ladders replaced by turns about strings (Program::Gate::is_string). quarters[i]: whether
// gate i is taken for an RX or RY by a quarter turn, and which way round (1 or -1); empty if none is.
Program::Gates with_strings(const Program& program, const std::vector<signed char>& quarters);

}  // namespace qat
