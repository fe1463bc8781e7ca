// The table of kernels that each instruction set fills in, and the choice among them.
#ifndef ADJ_POINTWISE_KERNELS_H
#define ADJ_POINTWISE_KERNELS_H
#include "adj_pointwise.h"

#define HIDDEN __attribute__((visibility("hidden")))
#define COMPUTE_TYPES 3
#define REDUCTIONS 4

// d[i] = op(a[i], b[i], c[i]). `d` may be equal to an operand, else must not overlap it. Operands
// that the operation lacks may be any pointer.
typedef void (*adj_kernel)(void *d, const void *a, const void *b, const void *c, size_t n);

// Copies rows x n elements out of a strided array into consecutive elements of a computing type.
typedef void (*adj_gather)(void *d, const void *s, ptrdiff_t row_stride, ptrdiff_t stride, size_t rows,
                           size_t n);

// Copies consecutive elements of a computing type into rows x n elements of a strided array.
typedef void (*adj_scatter)(void *d, const void *s, ptrdiff_t row_stride, ptrdiff_t stride, size_t rows,
                            size_t n);

// out[row] = the reduction of n consecutive elements, for rows one after the other.
typedef void (*adj_reduce_rows)(adj_scalar *out, const void *s, size_t rows, size_t n);

// acc[j] (and its compensation low[j]) takes in column j of rows x n elements.
typedef void (*adj_reduce_columns)(adj_scalar *acc, double *low, const void *s, ptrdiff_t row_stride,
                                   size_t rows, size_t n);

// The first index is the place of the computing type: 0 float32, 1 float64, 2 int64.
typedef struct adj_kernels {
  const char *name;
  adj_kernel op[COMPUTE_TYPES][ADJ_OP_COUNT];
  adj_gather gather[COMPUTE_TYPES][ADJ_BOOL + 1];
  adj_scatter scatter[COMPUTE_TYPES][ADJ_BOOL + 1];
  adj_reduce_rows rows[COMPUTE_TYPES][REDUCTIONS];
  adj_reduce_columns columns[COMPUTE_TYPES][REDUCTIONS];
} adj_kernels;

HIDDEN extern const adj_kernels adj_kernels_portable;
#if defined(__x86_64__)
HIDDEN extern const adj_kernels adj_kernels_avx2;
HIDDEN extern const adj_kernels adj_kernels_avx512;
#endif

// The chosen table.
HIDDEN const adj_kernels *adj_kernels_get(void);

// Stands where a table has no kernel: stops the process with a message.
HIDDEN void adj_no_kernel(void *d, const void *a, const void *b, const void *c, size_t n);

// One value of polygamma, for the lanes of the kernel (see polygamma.c).
HIDDEN double adj_polygamma_scalar(double n, double x);

static inline int adj_compute_index(adj_dtype compute) {
  return compute == ADJ_F32 ? 0 : compute == ADJ_F64 ? 1 : 2;
}

static inline size_t adj_compute_size(adj_dtype compute) { return compute == ADJ_F32 ? 4 : 8; }

#endif
