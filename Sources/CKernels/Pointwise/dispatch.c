// The choice of an instruction set at run time.
#include "kernels.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Null until first use. Setting it twice is harmless, as every thread finds the same.
static _Atomic(const adj_kernels *) chosen;

// The table of this name if the CPU has the instructions, else null.
static const adj_kernels *named(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (strcmp(name, "avx512") == 0)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("fma")
               ? &adj_kernels_avx512
               : NULL;
  if (strcmp(name, "avx2") == 0)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &adj_kernels_avx2 : NULL;
#endif
  return strcmp(name, "portable") == 0 ? &adj_kernels_portable : NULL;
}

static const adj_kernels *choose(void) {
  static const char *const names[] = {"avx512", "avx2", "portable"};
  const char *limit = getenv("ADJOINT_ISA");
  size_t first = 0;
  for (size_t i = 0; limit && i < 3; i++)
    if (strcmp(limit, names[i]) == 0) first = i;
  const adj_kernels *table = NULL;
  for (size_t i = first; !table && i < 3; i++) table = named(names[i]);
  atomic_store_explicit(&chosen, table, memory_order_relaxed);
  return table;
}

const adj_kernels *adj_kernels_get(void) {
  const adj_kernels *table = atomic_load_explicit(&chosen, memory_order_relaxed);
  return __builtin_expect(table != NULL, 1) ? table : choose();
}

const char *adj_isa_name(void) { return adj_kernels_get()->name; }

bool adj_isa_select(const char *name) {
  const adj_kernels *table = named(name);
  if (table) atomic_store_explicit(&chosen, table, memory_order_relaxed);
  return table != NULL;
}

void adj_no_kernel(void *d, const void *a, const void *b, const void *c, size_t n) {
  (void)d, (void)a, (void)b, (void)c, (void)n;
  fputs("adjoint: a pointwise operation was run on integers that is defined on floats only\n", stderr);
  abort();
}
