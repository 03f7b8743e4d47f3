// The interpreter of elementwise expressions: one instruction at a time over a run of columns that stays in
// L1.

enum { EXPR_RUN = 512 };

// The elements of a value: `step` is WIDTH, or 0 where one vector stands for all (a broadcast).
typedef struct {
  const float *data;
  ptrdiff_t step;
} expr_value;

// The buffers of a run. Results share them by `slot`: a result's slot is free again after its last reader.
typedef struct {
  float results[ACT_EXPR_MAX_INSTRUCTIONS][EXPR_RUN];
  float splats[ACT_EXPR_MAX_INPUTS][WIDTH];
  float tails[ACT_EXPR_MAX_INPUTS][WIDTH];
  uint8_t slot[ACT_EXPR_MAX_INSTRUCTIONS];
} expr_buffers;

static void expr_assign_slots(const act_expr *e, expr_buffers *buffers) {
  int last_reader[ACT_EXPR_MAX_INPUTS + ACT_EXPR_MAX_INSTRUCTIONS];
  for (int i = 0; i < e->instruction_count; i++) {
    const act_expr_instruction *op = &e->instructions[i];
    last_reader[op->a] = last_reader[op->b] = last_reader[op->c] = i;
    last_reader[e->input_count + i] = i;
  }
  uint64_t used = 0;
  for (int i = 0; i < e->instruction_count; i++) {
    for (int j = 0; j < i; j++)
      if (last_reader[e->input_count + j] == i - 1) used &= ~(UINT64_C(1) << buffers->slot[j]);
    buffers->slot[i] = (uint8_t)__builtin_ctzll(~used);
    used |= UINT64_C(1) << buffers->slot[i];
  }
}

#define EACH_VECTOR(value)                                               \
  for (int i = 0; i < vectors; i++) {                                    \
    vf x = v_load(a.data + i * a.step), y = v_load(b.data + i * b.step); \
    vf z = v_load(c.data + i * c.step);                                  \
    (void)x, (void)y, (void)z;                                           \
    v_store(result + i * WIDTH, value);                                  \
  }                                                                      \
  break;

static void expr_instruction(const act_expr_instruction *op, expr_value a, expr_value b, expr_value c,
                             float *result, int vectors) {
  switch ((act_expr_op)op->op) {
    case ACT_EXPR_CONSTANT: EACH_VECTOR(v_splat(op->immediate))
    case ACT_EXPR_ADD: EACH_VECTOR(x + y)
    case ACT_EXPR_SUB: EACH_VECTOR(x - y)
    case ACT_EXPR_MUL: EACH_VECTOR(x * y)
    case ACT_EXPR_DIV: EACH_VECTOR(x / y)
    case ACT_EXPR_ATAN2: EACH_VECTOR(v_atan2(x, y))
    case ACT_EXPR_MIN: EACH_VECTOR(v_min(x, y))
    case ACT_EXPR_MAX: EACH_VECTOR(v_max(x, y))
    case ACT_EXPR_LT: EACH_VECTOR(v_truth(x < y))
    case ACT_EXPR_LE: EACH_VECTOR(v_truth(x <= y))
    case ACT_EXPR_GT: EACH_VECTOR(v_truth(x > y))
    case ACT_EXPR_GE: EACH_VECTOR(v_truth(x >= y))
    case ACT_EXPR_EQ: EACH_VECTOR(v_truth(x == y))
    case ACT_EXPR_AND: EACH_VECTOR(v_truth((x != 0.0f) & (y != 0.0f)))
    case ACT_EXPR_OR: EACH_VECTOR(v_truth((x != 0.0f) | (y != 0.0f)))
    case ACT_EXPR_NOT: EACH_VECTOR(v_truth(x == 0.0f))
    case ACT_EXPR_SELECT: EACH_VECTOR(v_select(x != 0.0f, y, z))
    case ACT_EXPR_NEG: EACH_VECTOR(v_negate(x))
    case ACT_EXPR_ABS: EACH_VECTOR(v_abs(x))
    case ACT_EXPR_EXP: EACH_VECTOR(v_exp(x))
    case ACT_EXPR_LOG: EACH_VECTOR(v_log(x))
    case ACT_EXPR_SQRT: EACH_VECTOR(v_sqrt(x))
    case ACT_EXPR_RSQRT: EACH_VECTOR(1.0f / v_sqrt(x))
    case ACT_EXPR_TANH: EACH_VECTOR(v_tanh(x))
    case ACT_EXPR_SIGMOID: EACH_VECTOR(v_sigmoid(x))
    case ACT_EXPR_SILU: EACH_VECTOR(v_silu(x))
    case ACT_EXPR_GELU: EACH_VECTOR(v_gelu(x))
    case ACT_EXPR_GELU_TANH: EACH_VECTOR(v_gelu_tanh(x))
    case ACT_EXPR_SIN: EACH_VECTOR(v_sin(x))
    case ACT_EXPR_COS: EACH_VECTOR(v_cos(x))
    case ACT_EXPR_LEAKY_RELU: EACH_VECTOR(v_select(x > 0.0f, x, x * op->immediate))
    case ACT_EXPR_OP_COUNT: break;
  }
}

// out[0 ..< vectors * WIDTH] = the expression over that many elements of the inputs, which fill values[0 ..<
// input_count].
static void expr_run(const act_expr *e, expr_buffers *buffers, expr_value *values, int vectors, float *out) {
  int last = e->instruction_count - 1;
  if (last < 0)
    for (int i = 0; i < vectors; i++) v_store(out + i * WIDTH, v_load(values[0].data + i * values[0].step));
  for (int i = 0; i <= last; i++) {
    const act_expr_instruction *op = &e->instructions[i];
    // An instruction that ignores an operand may name any earlier value, or none in an expression without
    // inputs.
    expr_value none = {buffers->splats[0], 0}, defined[3];
    uint8_t names[3] = {op->a, op->b, op->c};
    for (int j = 0; j < 3; j++) defined[j] = names[j] < e->input_count + i ? values[names[j]] : none;
    expr_value a = defined[0], b = defined[1], c = defined[2];
    int varies = op->op != ACT_EXPR_CONSTANT && (a.step || b.step || c.step);
    float *result = i == last ? out : buffers->results[buffers->slot[i]];
    expr_instruction(op, a, b, c, result, i == last || varies ? vectors : 1);
    values[e->input_count + i] = (expr_value){result, varies ? WIDTH : 0};
  }
}

// out[0 ..< columns] = the expression over `columns` elements of each input: data[i][column * stride[i]],
// stride 0 or 1.
INLINE void expr_row(const act_expr *e, expr_buffers *buffers, const float *const *data,
                     const ptrdiff_t *stride, int32_t columns, float *out) {
  expr_value values[ACT_EXPR_MAX_INPUTS + ACT_EXPR_MAX_INSTRUCTIONS];
  for (int i = 0; i < e->input_count; i++)
    if (!stride[i]) v_store(buffers->splats[i], v_splat(*data[i]));
  int32_t column = 0;
  while (columns - column >= WIDTH) {
    int vectors = (int)least(columns - column, EXPR_RUN) / WIDTH;
    for (int i = 0; i < e->input_count; i++)
      values[i] = stride[i] ? (expr_value){data[i] + column, WIDTH} : (expr_value){buffers->splats[i], 0};
    expr_run(e, buffers, values, vectors, out + column);
    column += vectors * WIDTH;
  }
  if (column < columns) {
    int rest = columns - column;
    for (int i = 0; i < e->input_count; i++) {
      values[i] = (expr_value){buffers->splats[i], 0};
      if (!stride[i]) continue;
      v_store(buffers->tails[i], v_load_first(data[i] + column, rest));
      values[i] = (expr_value){buffers->tails[i], WIDTH};
    }
    float tail[WIDTH];
    expr_run(e, buffers, values, 1, tail);
    v_store_first(out + column, v_load(tail), rest);
  }
}

// The slot of a row; 0 where no operand has slots.
INLINE int32_t slot_of_row(const int32_t *slots, int32_t rows_per_slot, int64_t row) {
  if (!slots) return 0;
  return slots[rows_per_slot == 1 ? row : row / rows_per_slot];
}

INLINE const float *operand_row(const act_operand *o, int64_t row, int32_t slot) {
  int64_t index = o->row_divisor == 1 ? row : row / o->row_divisor;
  if (o->entries)
    index = o->entries[index];
  else if (o->row_modulus)
    index %= o->row_modulus;
  return o->data + index * o->row_stride + slot * o->slot_stride;
}

// Whether the rows are one run of elements: out and each input one row after the other, or one number for all.
static int rows_are_one(const act_elementwise_args *a) {
  if (a->out_row_stride != a->columns) return 0;
  for (int i = 0; i < a->expr.input_count; i++) {
    const act_operand *o = &a->inputs.at[i];
    if (o->slot_stride || o->entries) return 0;
    const int is_number = o->row_stride == 0 && o->column_stride == 0;
    const int is_dense = o->row_stride == a->columns && (o->column_stride == 1 || a->columns == 1) &&
                         o->row_divisor == 1 && o->row_modulus == 0;
    if (!is_number && !is_dense) return 0;
  }
  return 1;
}

static void elementwise(const void *args, int worker, int workers) {
  const act_elementwise_args *a = args;
  if (a->rows <= 0 || a->columns <= 0) return;
  expr_buffers buffers;
  expr_assign_slots(&a->expr, &buffers);
  const int one = rows_are_one(a);
  const int64_t rows = one ? 1 : a->rows, columns = one ? (int64_t)a->rows * a->columns : a->columns;
  // Whole rows where there are enough of them, else runs of a row.
  const int64_t run = rows >= 4 * workers ? columns : EXPR_RUN, runs = (columns + run - 1) / run;
  share items = share_of(rows * runs, worker, workers);
  ptrdiff_t strides[ACT_EXPR_MAX_INPUTS];
  const float *data[ACT_EXPR_MAX_INPUTS];
  for (int i = 0; i < a->expr.input_count; i++)
    strides[i] = one ? a->inputs.at[i].row_stride != 0 : a->inputs.at[i].column_stride;
  for (int64_t item = items.begin; item < items.end; item++) {
    const int64_t row = item / runs, column = item % runs * run;
    const int32_t slot = slot_of_row(a->slots, a->rows_per_slot, row);
    for (int i = 0; i < a->expr.input_count; i++)
      data[i] = operand_row(&a->inputs.at[i], row, slot) + column * strides[i];
    expr_row(&a->expr, &buffers, data, strides, (int32_t)least(run, columns - column),
             a->out + row * a->out_row_stride + column);
  }
}
