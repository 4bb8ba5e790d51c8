#include "memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <mutex>
#include <new>
#include <unordered_map>

namespace qat {
namespace {

constexpr std::size_t HUGE_PAGE = std::size_t(2) << 20;
constexpr std::size_t MAX_KEPT = std::size_t(1) << 30;  // all together
constexpr std::size_t MAX_NB_KEPT = 2;                  // a gradient works on two states

// Arrays of at least a huge page in use, and those kept: all of one size.
struct Large {
    std::mutex mutex;
    std::unordered_map<void*, std::size_t> sizes;
    void* kept[MAX_NB_KEPT];
    std::size_t nb_kept = 0, kept_size = 0;

    void drop_kept() {
        while (nb_kept) std::free(kept[--nb_kept]);
    }
};
Large& large() {
    static Large* const arrays = new Large;  // never destroyed: arrays may be given back while the process ends
    return *arrays;
}

std::size_t whole_pages(std::size_t nb_bytes) { return (nb_bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE; }

}  // namespace

void* fresh_memory(std::size_t nb_bytes) {
    void* const p = std::aligned_alloc(HUGE_PAGE, nb_bytes);
    if (!p) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    madvise(p, nb_bytes, MADV_HUGEPAGE);
#endif
    return p;
}

bool is_kept(std::size_t nb_bytes) {
    if (nb_bytes < HUGE_PAGE) return true;
    Large& arrays = large();
    const std::lock_guard<std::mutex> lock(arrays.mutex);
    return arrays.nb_kept && arrays.kept_size == whole_pages(nb_bytes);
}

void* take_memory(std::size_t nb_bytes) {
    if (nb_bytes < HUGE_PAGE) {
        void* const p = std::aligned_alloc(64, (nb_bytes + 63) / 64 * 64);
        if (!p) throw std::bad_alloc();
        return p;
    }
    nb_bytes = whole_pages(nb_bytes);
    Large& arrays = large();
    const std::lock_guard<std::mutex> lock(arrays.mutex);
    if (arrays.kept_size != nb_bytes) arrays.drop_kept();
    void* const p = arrays.nb_kept ? arrays.kept[--arrays.nb_kept] : fresh_memory(nb_bytes);
    try {
        arrays.sizes[p] = nb_bytes;
    } catch (...) {
        std::free(p);
        throw;
    }
    return p;
}

void give_memory(void* p) noexcept {
    Large& arrays = large();
    const std::lock_guard<std::mutex> lock(arrays.mutex);
    const auto found = arrays.sizes.find(p);
    if (found != arrays.sizes.end()) {
        const std::size_t nb_bytes = found->second;
        arrays.sizes.erase(found);
        if (arrays.kept_size != nb_bytes) arrays.drop_kept();
        arrays.kept_size = nb_bytes;
        if (arrays.nb_kept < MAX_NB_KEPT && (arrays.nb_kept + 1) * nb_bytes <= MAX_KEPT) {
            arrays.kept[arrays.nb_kept++] = p;
            return;
        }
    }
    std::free(p);
}

}  // namespace qat
