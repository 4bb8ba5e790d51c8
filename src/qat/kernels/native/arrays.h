// NumPy arrays that take over the elements of vectors and buffers.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <vector>

#include "memory.h"

namespace qat {

template <class Value>
nanobind::object as_numpy(std::vector<Value>&& values) {
    auto* kept = new std::vector<Value>(std::move(values));
    nanobind::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<Value>*>(p); });
    return nanobind::ndarray<nanobind::numpy, Value, nanobind::ndim<1>>(kept->data(), {kept->size()}, owner).cast();
}

// The same of the first `size` integers of a buffer.
template <class Value>
nanobind::object integers_as_numpy(Buffer<Value> buffer, std::size_t size) {
    Value* const data = buffer.release();
    nanobind::capsule owner(data, [](void* p) noexcept { Free()(p); });
    return nanobind::ndarray<nanobind::numpy, Value, nanobind::ndim<1>>(data, {size}, owner).cast();
}

}  // namespace qat
