// What the bindings of all parts share: array types, results without a copy, Ctrl-C.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <complex>

#include "executor.h"
#include "memory.h"

namespace qat {

template <class Entry>
using Array = nanobind::ndarray<const Entry, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

// A NumPy array of `size` complex numbers that owns `buffer`.
template <class Real>
nanobind::object as_numpy(Buffer<Real> buffer, std::size_t size) {
    Real* const data = buffer.release();
    nanobind::capsule owner(data, [](void* p) noexcept { Free()(p); });
    return nanobind::ndarray<nanobind::numpy, std::complex<Real>, nanobind::ndim<1>>(data, {size}, owner).cast();
}

// Whether a signal (Ctrl-C) waits for the interpreter; its exception is then set. Needs no GIL.
inline bool has_signal() {
    nanobind::gil_scoped_acquire held;
    return PyErr_CheckSignals() != 0;
}

// Runs `work` without the GIL; an interruption becomes the Python exception that a signal handler has raised.
template <class Work>
auto without_gil(Work work) {
    try {
        nanobind::gil_scoped_release released;
        return work();
    } catch (const Interrupted&) {
        throw nanobind::python_error();
    }
}

}  // namespace qat
