// Arrays of amplitudes: aligned for the widest vectors, on huge pages when they are large.
#pragma once
#include <sys/mman.h>

#include <cstdlib>
#include <memory>
#include <new>

namespace qat {

struct Free {
    void operator()(void* p) const { std::free(p); }
};
template <class Real>
using Buffer = std::unique_ptr<Real[], Free>;

// `nb_reals` numbers, not initialised. Throws std::bad_alloc when there is no memory for them.
template <class Real>
Buffer<Real> allocated(std::size_t nb_reals) {
    constexpr std::size_t huge = std::size_t(2) << 20;
    const std::size_t nb_bytes = nb_reals * sizeof(Real);
    const std::size_t alignment = nb_bytes < huge ? 64 : huge;
    void* const p = std::aligned_alloc(alignment, (nb_bytes + alignment - 1) / alignment * alignment);
    if (!p) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    if (alignment == huge) madvise(p, nb_bytes, MADV_HUGEPAGE);
#endif
    return Buffer<Real>(static_cast<Real*>(p));
}

}  // namespace qat
