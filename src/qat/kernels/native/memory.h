// Arrays of amplitudes: aligned for the widest vectors, on huge pages when they are large.
//
// The last large arrays given back are kept for the next ones of their size: new pages cost more than a pass over them.
// Above 32 MiB that is two of one size, below a few that together are less than 48 MiB.
#pragma once
#include <cstddef>
#include <memory>
#include <new>

namespace qat {

// Takes memory of a given size, the kept one if it fits. Throws std::bad_alloc.
void* take_memory(std::size_t nb_bytes);
// Gives it back, or keeps it.
void give_memory(void* p) noexcept;

constexpr std::size_t MAX_BYTES = std::size_t(1) << 62;  // products of sizes stay far from overflowing

// Memory straight from the system, for std::free.
void* fresh_memory(std::size_t nb_bytes);
// Whether `take_memory` has an array of this size at hand; small ones come from the heap, which mostly has.
bool is_kept(std::size_t nb_bytes);

struct Free {
    void operator()(void* p) const { give_memory(p); }
};
template <class Real>
using Buffer = std::unique_ptr<Real[], Free>;

// `nb_reals` numbers, not initialised. Throws std::bad_alloc when there is no memory for them.
template <class Real>
Buffer<Real> allocated(std::size_t nb_reals) {
    if (nb_reals > MAX_BYTES / sizeof(Real)) throw std::bad_alloc();
    return Buffer<Real>(static_cast<Real*>(take_memory(nb_reals * sizeof(Real))));
}

}  // namespace qat
