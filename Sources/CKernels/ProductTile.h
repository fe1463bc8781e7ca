// A product of matrices by tiles that stay in registers. Included once for each instruction set and float type by
// Product.c with:
//   T          the float type
//   WIDTH      how many of them a vector holds
//   NAME(x)    x with a suffix of its own
//   LOAD_PART(p, count), STORE_PART(p, count, v)   the first `count` elements of a vector, 1...WIDTH
//
// K. Goto, R. van de Geijn, Anatomy of High-Performance Matrix Multiplication, ACM Trans. Math. Softw. 34 (2008), with
// the roles of a and b exchanged, because matrices are row-major: a panel of b lies packed in the nearest cache, while
// rows of a pass by.
#define COLUMNS (VECTORS * WIDTH)

typedef T NAME(vector) __attribute__((ext_vector_type(WIDTH)));
typedef T NAME(unaligned) __attribute__((ext_vector_type(WIDTH), aligned(sizeof(T)), may_alias));

// One tile of c: some terms of its sums.
typedef struct NAME(tile) {
  int64_t depth;
  const T *a; // element (i, p) at i * a_row + p * a_step
  int64_t a_row, a_step;
  const T *b; // row p at p * b_step, whole vectors
  int64_t b_step;
  T *c;
  int64_t c_row;
  const T *row;      // null: none
  const char *ahead; // rows of the next panel: what the tile brings near for it
  int64_t ahead_step;
  int columns;
  bool adds;
} NAME(tile);

INLINE void NAME(finish)(bool adds, T *c, const T *row, NAME(vector) v, int columns) {
  if (columns >= WIDTH) {
    if (row) v += *(const NAME(unaligned) *)row;
    if (adds) v += *(const NAME(unaligned) *)c;
    *(NAME(unaligned) *)c = v;
  } else {
    if (row) v += LOAD_PART(row, columns);
    if (adds) v += LOAD_PART(c, columns);
    STORE_PART(c, columns, v);
  }
}

// Adds one term to the sums. Every third row of a has a pointer, from which the two after it are addressed: a pointer
// for each row would not fit the registers.
INLINE void NAME(add_term)(const int rows, const int vectors, NAME(vector) sums[][VECTORS], const T **a, int64_t a_row,
                           int64_t a_step, const T *b) {
  NAME(vector) panel[VECTORS];
  UNROLL for (int j = 0; j < vectors; j++) panel[j] = ((const NAME(unaligned) *)b)[j];
  UNROLL for (int i = 0; i < rows; i++) {
    NAME(vector) factor = (NAME(vector))a[i / 3][i % 3 * a_row];
    UNROLL for (int j = 0; j < vectors; j++) sums[i][j] += factor * panel[j];
  }
  UNROLL for (int i = 0; i < (rows + 2) / 3; i++) a[i] += a_step;
}

INLINE void NAME(multiply_tile)(const int rows, const int vectors, const NAME(tile) *t) {
  NAME(vector) sums[ROWS][VECTORS];
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < vectors; j++) sums[i][j] = (NAME(vector))0;
  }
  const int64_t a_row = t->a_row, a_step = t->a_step, b_step = t->b_step;
  const T *a[(ROWS + 2) / 3], *b = t->b;
  UNROLL for (int i = 0; i < (rows + 2) / 3; i++) a[i] = t->a + 3 * i * a_row;
  // First its own rows of c, which are written at the end.
  const char *ahead = (const char *)t->c;
  int64_t ahead_step = t->c_row * (int64_t)sizeof(T), left = t->depth;
  int turns = rows;
  do {
    int64_t steps = left < VECTORS ? left : VECTORS;
    left -= steps;
    _Pragma("clang loop unroll(disable)") do {
      __builtin_prefetch(ahead, 0, 2);
      ahead += LINE;
      NAME(add_term)(rows, vectors, sums, a, a_row, a_step, b);
      b += b_step;
    } while (--steps > 0);
    ahead += ahead_step - VECTORS * LINE;
    if (--turns == 0) {
      ahead = t->ahead;
      ahead_step = t->ahead_step;
    }
  } while (left > 0);
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < vectors; j++)
      NAME(finish)(t->adds, t->c + i * t->c_row + j * WIDTH, t->row ? t->row + j * WIDTH : NULL, sums[i][j],
                   t->columns - j * WIDTH);
  }
}

#define TILE(R, V) \
  static void NAME(tile_##R##_##V)(const NAME(tile) *t) { NAME(multiply_tile)(R, V, t); }
EACH_TILE(TILE)
#undef TILE
#define TILE(R, V) [R - 1][V - 1] = NAME(tile_##R##_##V),
static void (*const NAME(tiles)[ROWS][VECTORS])(const NAME(tile) *) = {EACH_TILE(TILE)};
#undef TILE

// A panel: `depth` rows of op(b), of `columns` elements filled up with zeros to `width`.
static void NAME(pack_panel)(const T *b, int64_t ldb, bool transposed, int64_t depth, int columns, int width,
                             T *panel) {
  if (transposed) {
    adj_transpose_plane(sizeof(T), b, ldb, panel, width, depth, columns);
    for (int64_t i = 0; columns < width && i < depth; i++)
      for (int j = columns; j < width; j++) panel[i * width + j] = 0;
    return;
  }
  for (int64_t i = 0; i < depth; i++, b += ldb, panel += width) {
    for (int j = 0; j < width; j += WIDTH) {
      NAME(vector) v = (NAME(vector))0;
      if (columns - j >= WIDTH) v = *(const NAME(unaligned) *)(b + j);
      else v = LOAD_PART(b + j, columns - j);
      *(NAME(unaligned) *)(panel + j) = v;
    }
  }
}

// Rows of op(a) where a is stored transposed: for each `ROWS` of them, those of one term beside those of the next.
static void NAME(pack_rows)(const T *a, int64_t lda, int64_t depth, int64_t rows, T *packed) {
  for (int64_t row = 0; row < rows; row += ROWS) {
    int64_t count = rows - row < ROWS ? rows - row : ROWS;
    const T *source = a + row;
    if (count == ROWS)
      for (int64_t p = 0; p < depth; p++, source += lda, packed += ROWS) memcpy(packed, source, ROWS * sizeof(T));
    else
      for (int64_t p = 0; p < depth; p++, source += lda, packed += ROWS)
        for (int64_t i = 0; i < count; i++) packed[i] = source[i];
  }
}

// One panel's columns of c, for the rows of a block: the next panel is brought near meanwhile, once.
static void NAME(multiply_panel)(NAME(tile) t, int64_t rows, int64_t a_block, int vectors) {
  int64_t near = 0;
  for (int64_t row = 0; row < rows; row += ROWS) {
    int64_t count = rows - row < ROWS ? rows - row : ROWS;
    NAME(tiles)[count - 1][vectors - 1](&t);
    t.a += a_block;
    t.c += count * t.c_row;
    int64_t turns = t.depth / VECTORS - count;
    if (turns > 0 && near < t.depth) {
      near += turns;
      t.ahead += turns * t.ahead_step;
    }
    if (near >= t.depth) {
      t.ahead = (const char *)t.b;
      t.ahead_step = 0;
    }
  }
}

// The operands of one run of terms, as they are read.
typedef struct NAME(run) {
  const adj_product *p;
  int64_t first, depth;
  bool packs_a, packs_b;
  T *packed_a, *packed_b;
} NAME(run);

// One panel's columns [column, column + columns) for the rows [row, row + rows). The first rows pack the panel.
static void NAME(multiply_block)(const NAME(run) *r, int64_t row, int64_t rows, int64_t column, int columns, T *panel) {
  const adj_product *p = r->p;
  const int64_t first = r->first, depth = r->depth;
  const int64_t b_step = p->transposes_b ? 1 : p->ldb, b_column = p->transposes_b ? p->ldb : 1;
  const int vectors = (columns + WIDTH - 1) / WIDTH;
  const T *b = p->b, *source = b + first * b_step + column * b_column;
  NAME(tile) t = {
    .depth = depth,
    .a = r->packs_a ? r->packed_a : (const T *)p->a + (p->transposes_a ? first * p->lda + row : row * p->lda + first),
    .a_row = p->transposes_a ? 1 : p->lda,
    .a_step = r->packs_a ? ROWS : p->transposes_a ? p->lda : 1,
    .b = r->packs_b ? panel : source,
    .b_step = r->packs_b ? vectors * WIDTH : p->ldb,
    .c = (T *)p->c + row * p->ldc + column,
    .c_row = p->ldc,
    .row = p->row && first == 0 ? (const T *)p->row + column : NULL,
    .columns = columns,
    .adds = p->adds || first > 0,
  };
  t.ahead = (const char *)t.b;
  if (r->packs_b && row == 0) {
    NAME(pack_panel)(source, p->ldb, p->transposes_b, depth, columns, vectors * WIDTH, panel);
    const T *next = column + COLUMNS < p->n ? source + COLUMNS : NULL;
    if (!next && first + depth < p->k) next = b + (first + depth) * p->ldb;
    if (next && !p->transposes_b) {
      t.ahead = (const char *)next;
      t.ahead_step = p->ldb * (int64_t)sizeof(T);
    }
  }
  NAME(multiply_panel)(t, rows, r->packs_a ? ROWS * depth : ROWS * t.a_row, vectors);
}

static void NAME(multiply)(const adj_product *p, void *memory) {
  const int64_t rows_of_block = BYTES_OF_ROWS / (int64_t)sizeof(T) / DEPTH, columns_of_block = PANELS * COLUMNS;
  NAME(run) r = {
    .p = p,
    .packs_a = p->transposes_a && p->n > COLUMNS,
    .packs_b = p->transposes_b || (p->m > 2 * ROWS && p->ldb != COLUMNS) || p->n % COLUMNS != 0,
    .packed_a = (T *)((char *)memory + BYTES_OF_PANELS),
    .packed_b = memory,
  };
  for (r.first = 0; r.first < p->k; r.first += DEPTH) {
    r.depth = p->k - r.first < DEPTH ? p->k - r.first : DEPTH;
    for (int64_t block = 0; block < p->n; block += columns_of_block) {
      const int64_t end = block + columns_of_block < p->n ? block + columns_of_block : p->n;
      for (int64_t row = 0; row < p->m; row += rows_of_block) {
        const int64_t rows = p->m - row < rows_of_block ? p->m - row : rows_of_block;
        if (r.packs_a)
          NAME(pack_rows)((const T *)p->a + r.first * p->lda + row, p->lda, r.depth, rows, r.packed_a);
        T *panel = r.packed_b;
        for (int64_t column = block; column < end; column += COLUMNS, panel += DEPTH * COLUMNS)
          NAME(multiply_block)(&r, row, rows, column, (int)(end - column < COLUMNS ? end - column : COLUMNS), panel);
      }
    }
  }
}
#undef COLUMNS
