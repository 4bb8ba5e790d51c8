#include "memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

namespace qat {
namespace {

constexpr std::size_t HUGE_PAGE = std::size_t(2) << 20;
constexpr std::size_t BIG = std::size_t(32) << 20;      // arrays above are kept if all are of one size
constexpr std::size_t MAX_KEPT = std::size_t(1) << 30;  // all of these together
constexpr std::size_t MAX_NB_KEPT = 2;                  // of these: a gradient works on two states
constexpr std::size_t MAX_NB_LESSER = 6;                // of the others: a state, and what its samples need
constexpr std::size_t MAX_LESSER = std::size_t(48) << 20;

struct Kept {
    void* array;
    std::size_t size;
};

// Some arrays, the one given back last at the end.
class Shelf {
public:
    void reserve(std::size_t nb) { arrays_.reserve(nb); }  // so that put cannot fail
    std::size_t total() const { return total_; }
    std::size_t nb() const { return arrays_.size(); }
    bool has(std::size_t size) const { return find(size) != arrays_.end(); }
    void* take(std::size_t size) {
        const auto found = find(size);
        if (found == arrays_.end()) return nullptr;
        void* const array = found->array;
        total_ -= size;
        arrays_.erase(found);
        return array;
    }
    void put(void* array, std::size_t size) {
        arrays_.push_back({array, size});
        total_ += size;
    }
    void drop_oldest() {
        total_ -= arrays_.front().size;
        std::free(arrays_.front().array);
        arrays_.erase(arrays_.begin());
    }
    void drop_others_than(std::size_t size) {
        while (!arrays_.empty() && arrays_.front().size != size) drop_oldest();
    }

private:
    std::vector<Kept> arrays_;
    std::size_t total_ = 0;

    std::vector<Kept>::const_iterator find(std::size_t size) const {
        return std::find_if(arrays_.begin(), arrays_.end(), [size](const Kept& kept) { return kept.size == size; });
    }
};

// Arrays of at least a huge page in use, and those kept.
struct Large {
    std::mutex mutex;
    std::unordered_map<void*, std::size_t> sizes;
    Shelf big, lesser;

    Large() {
        big.reserve(MAX_NB_KEPT + 1);
        lesser.reserve(MAX_NB_LESSER + 1);
    }
    Shelf& shelf(std::size_t size) { return size > BIG ? big : lesser; }
    void keep(void* array, std::size_t size) {
        if (size > BIG) {
            big.drop_others_than(size);
            big.put(array, size);
            while (big.nb() > MAX_NB_KEPT || big.total() > MAX_KEPT) big.drop_oldest();
        } else {
            lesser.put(array, size);
            while (lesser.nb() > MAX_NB_LESSER || lesser.total() > MAX_LESSER) lesser.drop_oldest();
        }
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
    return arrays.shelf(whole_pages(nb_bytes)).has(whole_pages(nb_bytes));
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
    void* p = arrays.shelf(nb_bytes).take(nb_bytes);
    if (!p) {
        if (nb_bytes > BIG) arrays.big.drop_others_than(nb_bytes);
        p = fresh_memory(nb_bytes);
    }
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
    if (found == arrays.sizes.end()) return std::free(p);
    const std::size_t nb_bytes = found->second;
    arrays.sizes.erase(found);
    arrays.keep(p, nb_bytes);
}

}  // namespace qat
