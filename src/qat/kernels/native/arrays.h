// NumPy arrays out of vectors.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <vector>

namespace qat {

// A NumPy array that takes over the elements.
template <class Value>
nanobind::object as_numpy(std::vector<Value>&& values) {
    auto* kept = new std::vector<Value>(std::move(values));
    nanobind::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<Value>*>(p); });
    return nanobind::ndarray<nanobind::numpy, Value, nanobind::ndim<1>>(kept->data(), {kept->size()}, owner).cast();
}

}  // namespace qat
