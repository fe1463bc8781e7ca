// A product whose right operand has few columns: a block of it stays in the nearest cache as it is, and rows of the left
// operand pass by. Included after ProductTile.h, once for each instruction set and float type.

// Rows of a tile by its vectors, so that the sums fill 12 to 24 registers.
#define THIN_ROWS(vectors) ((vectors) < 3 ? 12 : (vectors) == 3 ? 8 : 6)
#define THIN_DEPTH(vectors) (THIN_BYTES / LINE / (vectors))

typedef struct NAME(thin) {
  int64_t depth;
  int64_t a_row, a_step; // element (i, p) at i * a_row + p * a_step
  const T *b;
  int64_t b_step;
  int64_t c_row;
  const T *row; // what sums begin with; null: with zero
  int last;     // columns of the last vector
  bool adds;
} NAME(thin);

INLINE NAME(vector) NAME(load_thin)(const T *p, bool whole, int count) {
  return whole ? *(const NAME(unaligned) *)p : LOAD_PART(p, count);
}

// One term. Every third row of a has a pointer, from which the two after it are addressed.
INLINE void NAME(add_thin_term)(const int rows, const int vectors, NAME(vector) sums[][VECTORS], const T **a,
                                int64_t a_row, int64_t a_step, const T *b, int last) {
  NAME(vector) panel[VECTORS];
  UNROLL for (int j = 0; j < vectors; j++) panel[j] = NAME(load_thin)(b + j * WIDTH, j < vectors - 1, last);
  UNROLL for (int i = 0; i < rows; i++) {
    NAME(vector) factor = (NAME(vector))a[i / 3][i % 3 * a_row];
    UNROLL for (int j = 0; j < vectors; j++) sums[i][j] += factor * panel[j];
  }
  UNROLL for (int i = 0; i < (rows + 2) / 3; i++) a[i] += a_step;
}

// `transposed`: rows of op(a) lie side by side, which spares the compiler pointers and pays for two terms a turn.
INLINE void NAME(multiply_thin_tile)(const int rows, const int vectors, const bool transposed, const NAME(thin) *t,
                                     const T *a, T *c) {
  NAME(vector) sums[THIN_ROWS(1)][VECTORS];
  const int last = t->last;
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      const bool whole = j < vectors - 1;
      sums[i][j] = (NAME(vector))0;
      if (t->row) sums[i][j] = NAME(load_thin)(t->row + j * WIDTH, whole, last);
      if (t->adds) sums[i][j] += NAME(load_thin)(c + i * t->c_row + j * WIDTH, whole, last);
    }
  }
  const int64_t a_row = transposed ? 1 : t->a_row, a_step = t->a_step, b_step = t->b_step;
  const T *b = t->b, *groups[(THIN_ROWS(1) + 2) / 3];
  UNROLL for (int i = 0; i < (rows + 2) / 3; i++) groups[i] = a + 3 * i * a_row;
  int64_t terms = t->depth;
  if (transposed && terms & 1) {
    NAME(add_thin_term)(rows, vectors, sums, groups, a_row, a_step, b, last);
    b += b_step;
    terms--;
  }
  _Pragma("clang loop unroll(disable)") while (terms > 0) {
    NAME(add_thin_term)(rows, vectors, sums, groups, a_row, a_step, b, last);
    b += b_step;
    terms--;
    if (!transposed) continue;
    NAME(add_thin_term)(rows, vectors, sums, groups, a_row, a_step, b, last);
    b += b_step;
    terms--;
  }
  UNROLL for (int i = 0; i < rows; i++) {
    T *to = c + i * t->c_row;
    UNROLL for (int j = 0; j < vectors - 1; j++) *(NAME(unaligned) *)(to + j * WIDTH) = sums[i][j];
    STORE_PART(to + (vectors - 1) * WIDTH, last, sums[i][vectors - 1]);
  }
}

// All rows: whole tiles, then what is left in smaller ones.
INLINE void NAME(multiply_thin_rows)(const int vectors, const bool transposed, const NAME(thin) *t, int64_t rows,
                                     const T *a, T *c) {
  const int64_t a_row = transposed ? 1 : t->a_row;
#define TILES(R) \
  for (; rows >= (R); rows -= (R), a += (R) * a_row, c += (R) * t->c_row) \
    NAME(multiply_thin_tile)(R, vectors, transposed, t, a, c);
  TILES(THIN_ROWS(vectors))
  if (THIN_ROWS(vectors) > 8) { TILES(8) }
  TILES(4)
  TILES(3)
  TILES(2)
  TILES(1)
#undef TILES
}

#define THIN(V) \
  static void NAME(thin_##V)(const NAME(thin) *t, int64_t rows, const T *a, T *c) { \
    NAME(multiply_thin_rows)(V, false, t, rows, a, c); \
  } \
  static void NAME(thin_transposed_##V)(const NAME(thin) *t, int64_t rows, const T *a, T *c) { \
    NAME(multiply_thin_rows)(V, true, t, rows, a, c); \
  }
THIN(1) THIN(2) THIN(3) THIN(4)
#undef THIN
static void (*const NAME(thins)[2][VECTORS])(const NAME(thin) *, int64_t, const T *, T *) = {
  {NAME(thin_1), NAME(thin_2), NAME(thin_3), NAME(thin_4)},
  {NAME(thin_transposed_1), NAME(thin_transposed_2), NAME(thin_transposed_3), NAME(thin_transposed_4)},
};

static void NAME(multiply_thin)(const adj_product *p, T *memory) {
  const int vectors = (int)((p->n + WIDTH - 1) / WIDTH);
  const int64_t most = THIN_DEPTH(vectors);
  NAME(thin) t = {
    .a_row = p->transposes_a ? 1 : p->lda,
    .a_step = p->transposes_a ? p->lda : 1,
    .b_step = p->transposes_b ? vectors * WIDTH : p->ldb,
    .c_row = p->ldc,
    .row = p->row,
    .last = (int)p->n - (vectors - 1) * WIDTH,
    .adds = p->adds,
  };
  for (int64_t first = 0; first < p->k; first += most, t.row = NULL, t.adds = true) {
    t.depth = p->k - first < most ? p->k - first : most;
    t.b = memory;
    if (p->transposes_b)
      NAME(pack_panel)((const T *)p->b + first, p->ldb, true, t.depth, (int)p->n, vectors * WIDTH, memory);
    else t.b = (const T *)p->b + first * p->ldb;
    NAME(thins)[p->transposes_a][vectors - 1](&t, p->m, (const T *)p->a + first * t.a_step, p->c);
  }
}
#undef THIN_ROWS
#undef THIN_DEPTH
