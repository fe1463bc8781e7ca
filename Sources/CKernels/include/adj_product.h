// Products of matrices of the sizes of small nets' layers, between those that BLAS multiplies without packing operands
// and those so large that packing does not matter.
#ifndef ADJ_PRODUCT_H
#define ADJ_PRODUCT_H
#include "adj_types.h"

// c = op(a) * op(b), plus the row in each row, plus what c held. Matrices are row-major: op(a) is m by k, op(b) k by n,
// c m by n; `lda` is the distance of two rows of a as stored, in elements.
typedef struct adj_product {
  int64_t m, n, k; // at least 1
  const void *a, *b;
  const void *row; // n elements; may be null
  void *c;         // overlaps no operand
  int64_t lda, ldb, ldc;
  bool transposes_a, transposes_b;
  bool adds; // to what c holds, which is not read otherwise
} adj_product;

// Whether this processor has kernels for that; not where C was compiled without optimisation, which would be slower
// than BLAS by far.
bool adj_has_tiles(void);

// Multiplies float32 or float64 matrices on the thread that calls; false, and nothing is done, where there are no
// kernels or no memory. The thread keeps half a megabyte until it ends.
bool adj_multiply_tiles(adj_dtype dtype, const adj_product *product);

// As adj_multiply_tiles, where op(b) has few columns: at most 64 of float32, 32 of float64. Packs nothing but a
// transposed b.
bool adj_multiply_thin(adj_dtype dtype, const adj_product *product);

#endif
