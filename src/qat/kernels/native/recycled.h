// For plans and small states: memory of some kilobytes, which the heap is slow to give and to take back, is kept by the
// thread for its next run.
#pragma once
#include <cstddef>
#include <new>
#include <vector>

namespace qat {

// Of at least so many bytes, aligned for vectors. Give it back with the same size.
void* take_recycled(std::size_t nb_bytes);
void give_recycled(void* p, std::size_t nb_bytes) noexcept;

template <class Value>
struct Recycled {
    using value_type = Value;
    Recycled() = default;
    template <class Other>
    Recycled(const Recycled<Other>&) noexcept {}
    Value* allocate(std::size_t size) {
        if (size > (std::size_t(1) << 48) / sizeof(Value)) throw std::bad_alloc();
        return static_cast<Value*>(take_recycled(size * sizeof(Value)));
    }
    void deallocate(Value* p, std::size_t size) noexcept { give_recycled(p, size * sizeof(Value)); }
    friend bool operator==(Recycled, Recycled) { return true; }
    friend bool operator!=(Recycled, Recycled) { return false; }
};

// Room for numbers that are written before they are read.
template <class Real>
class RecycledArray {
public:
    RecycledArray() = default;
    RecycledArray(const RecycledArray&) = delete;
    ~RecycledArray() {
        if (numbers_) Recycled<Real>().deallocate(numbers_, size_);
    }
    Real* take(std::size_t size) {  // once
        numbers_ = Recycled<Real>().allocate(size);
        size_ = size;
        return numbers_;
    }

private:
    Real* numbers_ = nullptr;
    std::size_t size_ = 0;
};

template <class Value>
using RecycledVector = std::vector<Value, Recycled<Value>>;

}  // namespace qat
