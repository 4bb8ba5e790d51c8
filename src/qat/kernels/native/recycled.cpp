#include "recycled.h"

namespace qat {
namespace {

constexpr int SMALLEST_BITS = 10, LARGEST_BITS = 20;
constexpr int MAX_KEPT = 4;  // of each size

constexpr std::align_val_t ALIGNMENT{64};

void drop(void* p) { ::operator delete(p, ALIGNMENT); }

// Of the smallest power of two that is enough.
int bits_of(std::size_t nb_bytes) {
    int bits = SMALLEST_BITS;
    while (std::size_t(1) << bits < nb_bytes) ++bits;
    return bits;
}

struct Shelf {
    void* kept[LARGEST_BITS + 1][MAX_KEPT] = {};
    int nb_kept[LARGEST_BITS + 1] = {};
    bool is_open = true;

    ~Shelf() {
        is_open = false;  // what is given back while the thread ends goes to the heap
        for (int bits = 0; bits <= LARGEST_BITS; ++bits)
            for (int i = 0; i < nb_kept[bits]; ++i) drop(kept[bits][i]);
    }
};
thread_local Shelf shelf;

}  // namespace

void* take_recycled(std::size_t nb_bytes) {
    const int bits = bits_of(nb_bytes);
    if (bits > LARGEST_BITS) return ::operator new(nb_bytes, ALIGNMENT);
    if (shelf.is_open && shelf.nb_kept[bits]) return shelf.kept[bits][--shelf.nb_kept[bits]];
    return ::operator new(std::size_t(1) << bits, ALIGNMENT);
}

void give_recycled(void* p, std::size_t nb_bytes) noexcept {
    const int bits = bits_of(nb_bytes);
    if (bits <= LARGEST_BITS && shelf.is_open && shelf.nb_kept[bits] < MAX_KEPT)
        shelf.kept[bits][shelf.nb_kept[bits]++] = p;
    else
        drop(p);
}

}  // namespace qat
