// What the bindings of all parts share: array types, results without a copy, Ctrl-C.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <complex>

#include "executor.h"
#include "memory.h"
#include "watch.h"

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

// Whether to stop a run: a signal handler (Ctrl-C) or qat/kernels/control.py has raised an exception, which is then set.
// Needs no GIL.
inline bool has_to_stop(double fraction) {
    const nanobind::gil_scoped_acquire held;
    if (PyErr_CheckSignals() != 0) return true;
    try {
        nanobind::module_::import_("qat.kernels.control").attr("report")(fraction);
        return false;
    } catch (nanobind::python_error& error) {
        error.restore();
        return true;
    }
}

// Runs `work` without the GIL, on watch; a run that is stopped becomes the Python exception that stopped it.
template <class Work>
auto without_gil(Work work) {
    try {
        const nanobind::gil_scoped_release released;
        const Watch watch(has_to_stop);
        return work();
    } catch (const Interrupted&) {
        throw nanobind::python_error();
    }
}

}  // namespace qat
