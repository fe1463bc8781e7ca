// The only door to BLAS and LAPACK: what Swift sees of them, and what was found at run time.
#ifndef ADJ_BLAS_H
#define ADJ_BLAS_H

#if defined(__APPLE__)
#ifndef ACCELERATE_NEW_LAPACK
#define ACCELERATE_NEW_LAPACK 1
#endif
#include <Accelerate/Accelerate.h>
#else
// Debian and Ubuntu, Arch and Alpine put the headers on the search path; Fedora puts them in a folder.
#if __has_include(<cblas.h>)
#include <cblas.h>
#elif __has_include(<openblas/cblas.h>)
#include <openblas/cblas.h>
#else
#error "cblas.h is missing: install libopenblas-dev and liblapacke-dev (`make setup` does)"
#endif
#if __has_include(<lapacke.h>)
#include <lapacke.h>
#elif __has_include(<openblas/lapacke.h>)
#include <openblas/lapacke.h>
#else
#error "lapacke.h is missing: install liblapacke-dev (`make setup` does)"
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

// What was found. Strings are never null and live as long as the process; empty where the library does
// not tell.
typedef struct adj_blas_info {
  const char *vendor;         // "OpenBLAS", "Accelerate", "MKL", "BLIS", "ATLAS", "reference" or "unknown"
  const char *version;        // "0.3.21"
  const char *found_core;     // the kernels the library chose by itself: "Prescott"
  const char *used_core;      // the kernels in use: "SkylakeX", or found_core
  const char *processor_core; // the newest kernels that the processor can run; empty where not known
  int repaired;               // 1 if used_core was chosen here
  int forced;                 // 1 if OPENBLAS_CORETYPE chose, which is respected
  int small_kernels;          // 1 if products of up to a million multiply-adds have kernels of their own
} adj_blas_info;

// Before the first product: if the library fell back to kernels for a much older processor, has it choose
// again. Runs by itself when the program is loaded, before any thread of the program exists; calling it
// again is cheap, from any thread, and only needed where the loader could not (a statically linked
// library that starts later). Does nothing for any library but OpenBLAS built for several processors.
void adj_blas_prepare(void);

// Prepares, then tells what was found.
const adj_blas_info *adj_blas_get_info(void);

// The most threads that one operator may use: ADJOINT_NUM_THREADS, else OPENBLAS_NUM_THREADS, else
// OMP_NUM_THREADS, else the processors that this process may run on, or as many as its quota of their time amounts
// to; or what was set since. The library itself uses one: whoever calls it splits products over threads of its own,
// which are not in the way of other work as a library's are, that wait for the next product for milliseconds.
int adj_blas_thread_limit(void);
void adj_blas_set_thread_limit(int count);

#if defined(__linux__)
// The processors whose time a quota amounts to, rounded up; 0 where there is none. The file is a control group's
// cpu.max: "max", or how much of a period, and the period. Threads beyond that would be stopped amid shared work.
long adj_blas_quota(const char *path);
#endif

#ifdef __cplusplus
}
#endif

#endif
